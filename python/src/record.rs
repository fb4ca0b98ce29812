//! What a calculator returns: fields that cannot be changed, and intervals that behave as their estimate.

use std::sync::Arc;

use arrow_array::Float64Array;
use arrow_schema::{DataType, Field};
use numpy::PyReadonlyArray1;
use pyo3::class::basic::CompareOp;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyFloat, PyInt, PyIterator, PyString, PyTuple, PyType};
use pyo3_arrow::ffi::to_array_pycapsules;

/// A class and what it is called with to make the object again.
type Pickled<'py> = PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)>;

/// The fields of a result, in the order of its class's ``fields``.
///
/// The base of every result class; ``result["cpa"]`` is ``result.cpa``.
#[pyclass(frozen, subclass, module = "edgetally._edgetally")]
#[derive(Debug)]
pub(crate) struct Record {
    /// A tuple; a [`Row`]; or what makes the fields when they are read, with ``at(place)`` and ``all()``.
    values: Py<PyAny>,
    refused: Option<Py<PyAny>>,
}

#[pymethods]
impl Record {
    #[new]
    #[pyo3(signature = (values, refused=None, /))]
    fn new(values: Bound<'_, PyAny>, refused: Option<Py<PyAny>>) -> Self {
        Self {
            values: values.unbind(),
            refused,
        }
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let values = slf.get().values.bind(py);
        let at = |place: usize| {
            if let Ok(row) = values.cast_exact::<Row>() {
                return row.get().at(py, place);
            }
            match values.cast::<PyTuple>() {
                Ok(values) => values.get_item(place),
                Err(_) => values.call_method1(intern!(py, "at"), (place,)),
            }
        };
        // The name first: what is not a number costs an exception to find out.
        if let Ok(name) = key.cast::<PyString>() {
            let fields = slf.get_type().getattr(intern!(py, "fields"))?;
            let fields = fields.cast::<PyTuple>()?;
            return match fields.index(name) {
                Ok(place) => at(place),
                Err(_) => Err(PyKeyError::new_err(name.clone().unbind())),
            };
        }
        if let Ok(place) = key.extract::<usize>() {
            return at(place);
        }
        Err(PyTypeError::new_err("a field is looked up by its name"))
    }

    #[getter(_values)]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let values = self.values.bind(py);
        if let Ok(row) = values.cast_exact::<Row>() {
            return Ok(row.get().all(py)?.into_any());
        }
        if values.is_instance_of::<PyTuple>() {
            return Ok(values.clone());
        }
        values.call_method0(intern!(py, "all"))
    }

    /// Which rows broke a rule, with ``errors="coerce"``; ``None`` when none did.
    #[getter(_refused)]
    fn refused(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.refused.as_ref().map(|refused| refused.clone_ref(py))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Pickled<'py> {
        let (py, this) = (slf.py(), slf.get());
        let refused = this.refused(py).unwrap_or_else(|| py.None());
        let arguments = PyTuple::new(py, [this.values(py)?, refused.into_bound(py)])?;
        Ok((slf.get_type(), arguments))
    }
}

/// One output of a calculator, or three that are an interval: where it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Number(usize),
    Interval(usize),
}

/// The outputs of a single call. Objects are made of those that are read: a call has up to sixty, and making them all takes
/// longer than what is calculated.
#[pyclass(frozen, module = "edgetally._edgetally")]
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) outputs: Vec<f64>,
    pub(crate) shapes: Arc<[Shape]>,
}

impl Row {
    fn at<'py>(&self, py: Python<'py>, place: usize) -> PyResult<Bound<'py, PyAny>> {
        let shape = self.shapes.get(place);
        self.field(
            py,
            *shape.ok_or_else(|| PyIndexError::new_err("no such field"))?,
        )
    }

    fn all<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let fields = self.shapes.iter().map(|shape| self.field(py, *shape));
        PyTuple::new(py, fields.collect::<PyResult<Vec<_>>>()?)
    }

    fn field<'py>(&self, py: Python<'py>, shape: Shape) -> PyResult<Bound<'py, PyAny>> {
        let at = |place: usize| self.outputs.get(place).copied().unwrap_or(f64::NAN);
        Ok(match shape {
            Shape::Number(place) => PyFloat::new(py, at(place)).into_any(),
            Shape::Interval(place) => {
                let interval =
                    edgetally_core::metrics::Interval::new(at(place), at(place + 1), at(place + 2));
                Interval::of(py, interval)?.into_bound(py).into_any()
            }
        })
    }
}

/// An estimate with the two ends of its interval.
///
/// In arithmetic, comparison, ``round()``, ``int()``, ``abs()``, ``math`` and NumPy it behaves as its estimate; where a pair is asked
/// for (unpacking, ``len()``, ``[0]``), as its two ends. A format goes to all three. For columns each of the three is a column.
///
/// An exact number that is added, subtracted, multiplied with or divided by moves the ends along: what comes out is an ``Interval``
/// again. Whatever else there is gives the number that the estimate alone would give: two intervals do not tell how they depend on
/// one another, so there is no interval of their sum.
///
/// >>> import edgetally
/// >>> interval = edgetally.Interval(300.0, 210.8, 389.7)
/// >>> interval.estimate, interval.low, interval.high
/// (300.0, 210.8, 389.7)
/// >>> low, high = interval
/// >>> interval > 0, round(interval), interval == 300
/// (True, 300, True)
/// >>> interval / 100
/// Interval(3.0, low=2.108, high=3.897)
/// >>> interval - interval
/// 0.0
#[pyclass(frozen, module = "edgetally._edgetally", get_all)]
#[derive(Debug)]
pub(crate) struct Interval {
    /// What is estimated.
    estimate: Py<PyAny>,
    /// The lower end; may be infinite.
    low: Py<PyAny>,
    /// The upper end; may be infinite.
    high: Py<PyAny>,
}

/// A function of two Python objects.
type Binary<'py> = fn(&Bound<'py, PyAny>, &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>;

fn plus<'py>(a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    a.add(b)
}

fn minus<'py>(a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    a.sub(b)
}

fn times<'py>(a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    a.mul(b)
}

fn over<'py>(a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    a.div(b)
}

impl Interval {
    /// From the core's.
    pub(crate) fn of(
        py: Python<'_>,
        interval: edgetally_core::metrics::Interval,
    ) -> PyResult<Py<Self>> {
        let float = |x| PyFloat::new(py, x).into_any().unbind();
        Py::new(
            py,
            Self {
                estimate: float(interval.estimate),
                low: float(interval.low),
                high: float(interval.high),
            },
        )
    }

    /// Whether it is one of numbers, not of columns.
    fn is_single(&self, py: Python<'_>) -> bool {
        let estimate = self.estimate.bind(py);
        estimate.is_instance_of::<PyFloat>()
            || !estimate.hasattr(intern!(py, "__len__")).unwrap_or(true)
    }

    fn parts<'a, 'py>(&'a self, py: Python<'py>) -> [&'a Bound<'py, PyAny>; 3] {
        [&self.estimate, &self.low, &self.high].map(|part| part.bind(py))
    }

    /// What stands for another operand: its estimate, where it has one.
    fn number<'py>(other: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        match other.cast::<Self>() {
            Ok(interval) => interval.get().estimate.bind(other.py()).clone(),
            Err(_) => other.clone(),
        }
    }

    fn new_any<'py>(
        py: Python<'py>,
        estimate: Bound<'py, PyAny>,
        low: Bound<'py, PyAny>,
        high: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let interval = Self::new(estimate.unbind(), low.unbind(), high.unbind());
        Ok(Bound::new(py, interval)?.into_any())
    }

    /// The two ends in their order, which a negative factor turns round. For columns row by row, as NumPy does.
    fn ordered<'py>(
        py: Python<'py>,
        estimate: Bound<'py, PyAny>,
        a: Bound<'py, PyAny>,
        b: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if let (Ok(x), Ok(y)) = (a.extract::<f64>(), b.extract::<f64>()) {
            let (low, high) = if x > y { (b, a) } else { (a, b) };
            return Self::new_any(py, estimate, low, high);
        }
        let columns = py.import(intern!(py, "edgetally._columns"))?;
        let ends = columns.call_method1(intern!(py, "ordered"), (a, b))?;
        let (low, high) = ends.extract()?;
        Self::new_any(py, estimate, low, high)
    }

    /// Adds or subtracts: exact numbers move the ends along, another interval gives a number.
    fn moved<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        operation: Binary<'py>,
        reflected: bool,
        turns: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        let apply = |part: &Bound<'py, PyAny>, other: &Bound<'py, PyAny>| {
            if reflected {
                operation(other, part)
            } else {
                operation(part, other)
            }
        };
        let [estimate, low, high] = self.parts(py);
        if other.is_instance_of::<Self>() {
            return apply(estimate, &Self::number(other));
        }
        let middle = apply(estimate, other)?;
        let (low, high) = (apply(low, other)?, apply(high, other)?);
        if turns {
            Self::new_any(py, middle, high, low)
        } else {
            Self::new_any(py, middle, low, high)
        }
    }

    /// Multiplies with or divides by: likewise, with the ends in order.
    fn scaled<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        operation: Binary<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = other.py();
        let [estimate, low, high] = self.parts(py);
        if other.is_instance_of::<Self>() {
            return operation(estimate, &Self::number(other));
        }
        let middle = operation(estimate, other)?;
        // Nothing times an open end is nothing: the interval has shrunk to a point.
        if self.is_single(py) && other.extract::<f64>().is_ok_and(|factor| factor == 0.0) {
            return Self::new_any(py, middle.clone(), middle.clone(), middle);
        }
        let (low, high) = (operation(low, other)?, operation(high, other)?);
        Self::ordered(py, middle, low, high)
    }
}

#[pymethods]
impl Interval {
    /// NumPy leaves `array * interval` to us.
    #[classattr]
    const fn __array_priority__() -> f64 {
        1000.0
    }

    #[new]
    const fn new(estimate: Py<PyAny>, low: Py<PyAny>, high: Py<PyAny>) -> Self {
        Self {
            estimate,
            low,
            high,
        }
    }

    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        let estimate = self.estimate.bind(py);
        match estimate.extract() {
            Ok(float) => Ok(float),
            // What Python says of a column of its own.
            Err(_) => py
                .get_type::<PyFloat>()
                .call1((estimate,))
                .and_then(|float| float.extract()),
        }
    }

    fn __int__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.get_type::<PyInt>().call1((self.estimate.bind(py),))
    }

    fn __trunc__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.__int__(py)
    }

    fn __floor__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import(intern!(py, "math"))?
            .call_method1(intern!(py, "floor"), (&self.estimate,))
    }

    fn __ceil__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import(intern!(py, "math"))?
            .call_method1(intern!(py, "ceil"), (&self.estimate,))
    }

    #[pyo3(signature = (ndigits=None))]
    fn __round__<'py>(
        &self,
        py: Python<'py>,
        ndigits: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        if !self.is_single(py) {
            let round = self.estimate.bind(py).getattr(intern!(py, "round"))?;
            return match ndigits {
                Some(ndigits) => round.call1((ndigits,)),
                None => round.call0(),
            };
        }
        let round = py
            .import(intern!(py, "builtins"))?
            .getattr(intern!(py, "round"))?;
        match ndigits {
            Some(ndigits) => round.call1((&self.estimate, ndigits)),
            None => round.call1((&self.estimate,)),
        }
    }

    fn __abs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.estimate.bind(py).abs()
    }

    fn __neg__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let [estimate, low, high] = self.parts(py);
        Self::new_any(py, estimate.neg()?, high.neg()?, low.neg()?)
    }

    fn __pos__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    fn __add__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.moved(other, plus, false, false)
    }

    fn __radd__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.moved(other, plus, true, false)
    }

    fn __sub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.moved(other, minus, false, false)
    }

    fn __rsub__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.moved(other, minus, true, true)
    }

    fn __mul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.scaled(other, times)
    }

    fn __rmul__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.scaled(other, times)
    }

    fn __truediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.scaled(other, over)
    }

    fn __rtruediv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.div(&self.estimate)
    }

    fn __floordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.estimate
            .bind(other.py())
            .floor_div(Self::number(other))
    }

    fn __rfloordiv__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.floor_div(&self.estimate)
    }

    fn __mod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.estimate.bind(other.py()).rem(Self::number(other))
    }

    fn __rmod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.rem(&self.estimate)
    }

    fn __divmod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.estimate.bind(other.py()).divmod(Self::number(other))
    }

    fn __rdivmod__<'py>(&self, other: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        other.divmod(&self.estimate)
    }

    fn __pow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.estimate
            .bind(other.py())
            .pow(Self::number(other), modulo)
    }

    fn __rpow__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        modulo: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        other.pow(&self.estimate, modulo)
    }

    /// By the estimate, with numbers, columns and other intervals.
    fn __richcmp__<'py>(
        &self,
        other: &Bound<'py, PyAny>,
        operation: CompareOp,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.estimate
            .bind(other.py())
            .rich_compare(Self::number(other), operation)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        self.estimate.bind(py).hash()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyTuple::new(py, [&self.low, &self.high])?.try_iter()
    }

    #[expect(clippy::unused_self, reason = "Python asks the object")]
    const fn __len__(&self) -> usize {
        2
    }

    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        PyTuple::new(key.py(), [&self.low, &self.high])?
            .as_any()
            .get_item(key)
    }

    /// Whether a number lies between the ends, which belong to the interval.
    fn __contains__(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = value.py();
        if !self.is_single(py) {
            return Err(PyTypeError::new_err(
                "`in` has one answer, and this interval has a row for each: compare with .low and .high",
            ));
        }
        let value = Self::number(value);
        Ok(self.low.bind(py).le(&value)? && value.le(&self.high)?)
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        self.estimate.bind(py).is_truthy()
    }

    /// How many dimensions the estimate has: 0 for a number, 1 for a column.
    #[getter]
    fn ndim(&self, py: Python<'_>) -> PyResult<usize> {
        if self.is_single(py) {
            return Ok(0);
        }
        match self.estimate.bind(py).getattr_opt(intern!(py, "ndim"))? {
            Some(dimensions) => dimensions.extract(),
            None => Ok(1),
        }
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _ = copy; // `asarray` copies only where it must
        py.import("numpy")?
            .call_method1("asarray", (&self.estimate, dtype))
    }

    /// The estimates as a column, for Polars and whatever else reads Arrow.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let estimates = self.__array__(py, Some(py.get_type::<PyFloat>().into_any()), None)?;
        let estimates = estimates.call_method1(intern!(py, "reshape"), (-1,))?;
        let estimates = estimates.extract::<PyReadonlyArray1<'_, f64>>()?;
        let array = Float64Array::from(estimates.as_array().to_vec());
        let field = Arc::new(Field::new("", DataType::Float64, true));
        Ok(to_array_pycapsules(py, field, &array, requested_schema)?)
    }

    /// The three as named columns, for a data frame: ``name``, ``name_low`` and ``name_high``.
    ///
    /// >>> import edgetally
    /// >>> edgetally.Interval(300.0, 210.8, 389.7).columns("orders")
    /// {'orders': 300.0, 'orders_low': 210.8, 'orders_high': 389.7}
    #[pyo3(signature = (name="estimate"))]
    fn columns<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyDict>> {
        let (low, high) = match name {
            "estimate" => ("low".to_owned(), "high".to_owned()),
            name => (format!("{name}_low"), format!("{name}_high")),
        };
        let columns = PyDict::new(py);
        columns.set_item(name, &self.estimate)?;
        columns.set_item(low, &self.low)?;
        columns.set_item(high, &self.high)?;
        Ok(columns)
    }

    /// Plain data: ``estimate``, ``low`` and ``high`` as numbers, or as lists of them.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import(intern!(py, "edgetally._result"))?
            .call_method1(intern!(py, "_plain"), (self.columns(py, "estimate")?,))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let text =
            |value: &Py<PyAny>| -> PyResult<String> { Ok(value.bind(py).repr()?.to_string()) };
        Ok(format!(
            "Interval({}, low={}, high={})",
            text(&self.estimate)?,
            text(&self.low)?,
            text(&self.high)?
        ))
    }

    /// As text: the estimate with its ends, each in the given format (``.4g`` by default).
    fn __format__(&self, py: Python<'_>, format: &str) -> PyResult<String> {
        let format = if format.is_empty() { ".4g" } else { format };
        let text = |value: &Py<PyAny>| -> PyResult<String> {
            value
                .bind(py)
                .call_method1("__format__", (format,))?
                .extract()
        };
        Ok(format!(
            "{} [{}, {}]",
            text(&self.estimate)?,
            text(&self.low)?,
            text(&self.high)?
        ))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Pickled<'py> {
        let (py, this) = (slf.py(), slf.get());
        let parts = [&this.estimate, &this.low, &this.high];
        Ok((slf.get_type(), PyTuple::new(py, parts)?))
    }
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Record>()?;
    module.add_class::<Interval>()
}
