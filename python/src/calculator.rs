//! The row-by-row calculators of the core, for numbers and for columns.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use edgetally_core::metrics::calculator::{self, Absent, BLOCK, Look, Parts, Value};
use edgetally_core::metrics::registry;
use edgetally_core::metrics::{DomainError, Rule};
use numpy::{PyArray1, PyArrayMethods as _, PyReadonlyArray1, PyReadwriteArray, PyReadwriteArray1};
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyTuple, PyType};

use crate::problem;
use crate::record::{Row, Shape};
use crate::threads;

/// Fewer rows than this per thread are done before a thread has started.
const ROWS_PER_THREAD: usize = 65_536;

/// A calculator of the core, and the class of its results.
///
/// Calling it with numbers gives numbers; anything else is handed to ``edgetally._columns``.
#[pyclass(frozen, module = "edgetally._edgetally")]
#[derive(Debug)]
pub(crate) struct Calculator {
    inner: &'static calculator::Calculator,
    result: Py<PyType>,
    shapes: Arc<[Shape]>,
}

/// A number that is no column; `None` within means absent.
enum Scalar {
    Number(f64),
    Absent,
    Other,
}

fn scalar(value: &Bound<'_, PyAny>) -> Scalar {
    if let Ok(float) = value.cast::<PyFloat>() {
        Scalar::Number(float.value())
    } else if value.is_none() {
        Scalar::Absent
    } else if let Ok(int) = value.cast::<PyInt>() {
        // True is not a count.
        if value.is_instance_of::<PyBool>() {
            return Scalar::Other;
        }
        int.extract().map_or(Scalar::Other, Scalar::Number)
    } else {
        Scalar::Other
    }
}

/// What ``None`` says of an argument: left out, where that may be; else that the number is missing, as ``NaN`` does.
const fn none(argument: &calculator::Argument) -> Value<'static> {
    match argument.absent {
        Absent::Refused => Value::One(f64::NAN),
        _ => Value::Absent,
    }
}

#[pymethods]
impl Calculator {
    #[new]
    fn new(name: &str, result: Bound<'_, PyType>) -> PyResult<Self> {
        let inner = registry::find(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        let mut shapes = Vec::new();
        for (place, output) in inner.outputs.iter().enumerate() {
            let low = inner.outputs.get(place + 1);
            if low.is_some_and(|low| low.strip_suffix(".low") == Some(output)) {
                shapes.push(Shape::Interval(place));
            } else if !output.contains('.') {
                shapes.push(Shape::Number(place));
            }
        }
        Ok(Self {
            inner,
            result: result.unbind(),
            shapes: shapes.into(),
        })
    }

    /// Its name in the core.
    #[getter]
    fn name(&self) -> &'static str {
        self.inner.name
    }

    /// The names of its arguments, in order.
    #[getter]
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(
            py,
            self.inner.arguments.iter().map(|argument| argument.name),
        )
    }

    /// The names of the fields of its results, in order.
    #[getter]
    fn fields<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let name = |shape: &Shape| match shape {
            Shape::Number(place) | Shape::Interval(place) => {
                self.inner.outputs.get(*place).copied().unwrap_or_default()
            }
        };
        PyTuple::new(py, self.shapes.iter().map(name))
    }

    /// Where each field begins among the outputs, and whether it is an interval.
    #[getter]
    fn _shapes(&self) -> Vec<(usize, bool)> {
        let shape = |shape: &Shape| match shape {
            Shape::Number(place) => (*place, false),
            Shape::Interval(place) => (*place, true),
        };
        self.shapes.iter().map(shape).collect()
    }

    /// How many outputs there are.
    #[getter]
    fn _width(&self) -> usize {
        self.inner.outputs.len()
    }

    #[getter]
    fn _result(&self, py: Python<'_>) -> Py<PyType> {
        self.result.clone_ref(py)
    }

    #[pyo3(signature = (arguments, errors, threads, /))]
    fn __call__<'py>(
        slf: &Bound<'py, Self>,
        arguments: &Bound<'py, PyTuple>,
        errors: &Bound<'py, PyAny>,
        threads: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let mut values = [Value::Absent; 32];
        let count = this.inner.arguments.len();
        let mut numbers = arguments.len() == count && is(errors, "raise") && threads.is_none();
        if numbers {
            let pairs = this.inner.arguments.iter().zip(arguments.iter_borrowed());
            for (slot, (rule, argument)) in values.iter_mut().zip(pairs) {
                match scalar(&argument) {
                    Scalar::Number(x) => *slot = Value::One(x),
                    Scalar::Absent => *slot = none(rule),
                    Scalar::Other => {
                        numbers = false;
                        break;
                    }
                }
            }
        }
        if !numbers {
            return py
                .import("edgetally._columns")?
                .call_method1("calculate", (slf, arguments, errors, threads));
        }
        let values = values.get(..count).unwrap_or_default();
        let row = Row {
            outputs: this.inner.one(values).map_err(problem::domain)?,
            shapes: Arc::clone(&this.shapes),
        };
        this.result.bind(py).call1((row,))
    }

    /// The fields that are ``NaN`` in every row, since an argument that they are made from was left out.
    fn _undefined(&self, values: &Bound<'_, PyList>) -> Vec<usize> {
        let Some(parts) = registry::parts(self.inner) else {
            return Vec::new();
        };
        let values = values.iter().map(|value| {
            if value.is_none() {
                Value::Absent
            } else {
                Value::Column(&[])
            }
        });
        let undefined = parts.undefined(&values.collect::<Vec<_>>());
        let fields = self.shapes.iter().enumerate();
        let of = |shape: &Shape| match shape {
            Shape::Number(place) => undefined >> place & 1 == 1,
            Shape::Interval(_) => false,
        };
        fields
            .filter(|(_, shape)| of(shape))
            .map(|(field, _)| field)
            .collect()
    }

    /// Keeps the columns of a call, so that its fields can be made when they are read; ``None`` where they cannot, or where an
    /// argument breaks its rule. Outputs at some places, which go up, are filled at once.
    #[pyo3(signature = (values, rows, threads, places, outputs, /))]
    #[expect(clippy::needless_pass_by_value, reason = "extracted from Python")]
    fn _hold(
        &self,
        py: Python<'_>,
        values: &Bound<'_, PyList>,
        rows: usize,
        threads: Option<&Bound<'_, PyAny>>,
        places: Vec<usize>,
        outputs: &Bound<'_, PyList>,
    ) -> PyResult<Option<Held>> {
        let threads = threads::count(threads, rows, ROWS_PER_THREAD)?;
        let Some(parts) = registry::parts(self.inner) else {
            return Ok(None);
        };
        let mut kept = Vec::with_capacity(values.len());
        for (argument, value) in self.inner.arguments.iter().zip(values) {
            kept.push(match scalar(&value) {
                Scalar::Number(x) => Kept::Value(Value::One(x)),
                Scalar::Absent => Kept::Value(none(argument)),
                Scalar::Other => Kept::Column(value.cast_into::<PyArray1<f64>>()?.unbind()),
            });
        }
        let size = rows.div_ceil(threads).next_multiple_of(BLOCK);
        let mut held = Held {
            parts,
            kept,
            shares: (0..rows)
                .step_by(size)
                .map(|start| (start, rows.min(start + size)))
                .collect(),
            looks: Vec::new(),
        };
        let wanted = bits(&places);
        let mut arrays = borrowed(outputs)?;
        let mut slices = arrays
            .iter_mut()
            .map(PyReadwriteArray::as_slice_mut)
            .collect::<Result<Vec<_>, _>>()?;
        let shares = held.share_out(&mut slices);
        held.looks = held.with(py, |values| {
            threads::each(shares, |(start, end, mut mine): Share<'_>| {
                parts.look(&cut(values, start, end), wanted, &mut mine)
            })
        })?;
        let allowed = held.looks.iter().all(|look| look.allowed);
        Ok(allowed.then_some(held))
    }

    /// Fills columns: each value is ``None``, a number or a column; each output is a column of ``rows``.
    ///
    /// Returns which rows were refused, when ``coerce``; else the first argument that breaks its rule is an error.
    #[pyo3(signature = (values, outputs, rows, coerce, threads, /))]
    fn _fill(
        &self,
        py: Python<'_>,
        values: &Bound<'_, PyList>,
        outputs: &Bound<'_, PyList>,
        rows: usize,
        coerce: bool,
        threads: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Vec<bool>>> {
        let threads = threads::count(threads, rows, ROWS_PER_THREAD)?;
        let mut held = Vec::with_capacity(values.len());
        for (argument, value) in self.inner.arguments.iter().zip(values) {
            held.push(match scalar(&value) {
                Scalar::Number(x) => Ok(Value::One(x)),
                Scalar::Absent => Ok(none(argument)),
                Scalar::Other => Err(value.extract::<PyReadonlyArray1<'_, f64>>()?),
            });
        }
        let mut inputs = Vec::with_capacity(held.len());
        for value in &held {
            inputs.push(match value {
                Ok(value) => *value,
                Err(array) => Value::Column(array.as_slice()?),
            });
        }
        let mut arrays = Vec::with_capacity(outputs.len());
        for output in outputs {
            arrays.push(output.extract::<PyReadwriteArray1<'_, f64>>()?);
        }
        let mut slices = Vec::with_capacity(arrays.len());
        for array in &mut arrays {
            slices.push(array.as_slice_mut()?);
        }
        py.detach(|| self.columns(&inputs, slices, rows, coerce, threads))
            .map_err(problem::domain)
    }
}

/// An argument of a call that is kept.
#[derive(Debug)]
enum Kept {
    Value(Value<'static>),
    Column(Py<PyArray1<f64>>),
}

/// The columns of a call, of which the fields are made when they are read.
///
/// They are the caller's own, not copies: what is changed in them before a field is made is noticed, and refused.
#[pyclass(frozen, module = "edgetally._edgetally")]
#[derive(Debug)]
struct Held {
    parts: Parts,
    kept: Vec<Kept>,
    /// The rows of each thread, and what it saw in them.
    shares: Vec<(usize, usize)>,
    looks: Vec<Look>,
}

impl Held {
    /// Borrows the columns for a while, without the interpreter's lock.
    fn with<R: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&[Value<'_>]) -> R + Send,
    ) -> PyResult<R> {
        let mut borrowed = Vec::with_capacity(self.kept.len());
        for kept in &self.kept {
            borrowed.push(match kept {
                Kept::Value(value) => Ok(*value),
                Kept::Column(column) => Err(column.bind(py).try_readonly()?),
            });
        }
        let mut values = Vec::with_capacity(borrowed.len());
        for value in &borrowed {
            values.push(match value {
                Ok(value) => *value,
                Err(column) => Value::Column(column.as_slice()?),
            });
        }
        Ok(py.detach(|| work(&values)))
    }
}

impl Held {
    fn share_out<'a>(&self, slices: &mut [&'a mut [f64]]) -> Vec<Share<'a>> {
        let mut shares = Vec::with_capacity(self.shares.len());
        for (start, end) in &self.shares {
            let mut mine = Vec::with_capacity(slices.len());
            for slice in &mut *slices {
                let (here, rest) = std::mem::take(slice).split_at_mut(end - start);
                mine.push(here);
                *slice = rest;
            }
            shares.push((*start, *end, mine));
        }
        shares
    }
}

#[pymethods]
impl Held {
    /// Fills the outputs at these places, which go up, each a column.
    #[pyo3(signature = (places, outputs, /))]
    #[expect(clippy::needless_pass_by_value, reason = "extracted from Python")]
    fn fill(
        &self,
        py: Python<'_>,
        places: Vec<usize>,
        outputs: &Bound<'_, PyList>,
    ) -> PyResult<()> {
        let wanted = bits(&places);
        let mut arrays = borrowed(outputs)?;
        let mut slices = arrays
            .iter_mut()
            .map(PyReadwriteArray::as_slice_mut)
            .collect::<Result<Vec<_>, _>>()?;
        let shares = self.share_out(&mut slices);
        let shares = shares.into_iter().zip(&self.looks).collect();
        let filled = self.with(py, |values| {
            threads::each(
                shares,
                |((start, end, mut mine), look): (Share<'_>, &Look)| {
                    self.parts
                        .fill(&cut(values, start, end), look, wanted, &mut mine)
                },
            )
        })?;
        match filled.into_iter().find_map(Result::err) {
            None => Ok(()),
            Some(place) => {
                let argument = self.parts.argument(place);
                Err(problem::domain(DomainError::whole(argument, CHANGED)))
            }
        }
    }
}

/// The rows of one thread, and its part of every output.
type Share<'a> = (usize, usize, Vec<&'a mut [f64]>);

fn bits(places: &[usize]) -> u64 {
    places.iter().fold(0, |all, place| all | 1 << place)
}

fn borrowed<'py>(outputs: &Bound<'py, PyList>) -> PyResult<Vec<PyReadwriteArray1<'py, f64>>> {
    let arrays = outputs.iter().map(|output| output.extract());
    arrays.collect()
}

const CHANGED: Rule = Rule::Other(
    "changed",
    "was changed in place after the call: read the fields first, or pass a copy",
);

/// Some rows of all columns.
fn cut<'a>(values: &[Value<'a>], start: usize, end: usize) -> Vec<Value<'a>> {
    let cut = values.iter().map(|value| match value {
        Value::Column(column) => Value::Column(column.get(start..end).unwrap_or_default()),
        other => *other,
    });
    cut.collect()
}

impl Calculator {
    fn columns(
        &self,
        inputs: &[Value<'_>],
        mut outputs: Vec<&mut [f64]>,
        rows: usize,
        coerce: bool,
        threads: usize,
    ) -> Result<Option<Vec<bool>>, DomainError> {
        for (argument, value) in self.inner.arguments.iter().zip(inputs) {
            if let Value::Column(column) = value
                && column.len() != rows
            {
                return Err(DomainError::whole(
                    argument.name,
                    Rule::Other("length_mismatch", "is of another length"),
                ));
            }
        }
        let allowed = AtomicBool::new(true);
        threads::rows(rows, threads, &mut outputs, |start, end, outputs| {
            if !self.inner.fill(&cut(inputs, start, end), outputs) {
                allowed.store(false, Ordering::Relaxed);
            }
        });
        if allowed.into_inner() {
            // Of no rows at all, single numbers can still be wrong.
            self.inner.check(if rows == 0 { inputs } else { &[] })?;
            return Ok(None);
        }
        if !coerce {
            self.inner.check(inputs)?;
        }
        let refused = self.inner.refused(inputs, rows);
        if let Some(refused) = &refused {
            for output in &mut outputs {
                for (slot, refused) in output.iter_mut().zip(refused) {
                    if *refused {
                        *slot = f64::NAN;
                    }
                }
            }
        }
        Ok(refused)
    }
}

fn is(value: &Bound<'_, PyAny>, word: &str) -> bool {
    value
        .cast::<pyo3::types::PyString>()
        .is_ok_and(|text| text.to_str().is_ok_and(|text| text == word))
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Held>()?;
    module.add_class::<Calculator>()
}
