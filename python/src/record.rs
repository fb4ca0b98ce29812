//! What a calculator returns: fields that cannot be changed, and intervals that behave as their estimate.

use pyo3::exceptions::{PyKeyError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyIterator, PyString, PyTuple, PyType};

/// A class and what it is called with to make the object again.
type Pickled<'py> = PyResult<(Bound<'py, PyType>, Bound<'py, PyTuple>)>;

/// The fields of a result, in the order of its class's ``fields``.
///
/// The base of every result class; ``result["cpa"]`` is ``result.cpa``.
#[pyclass(frozen, subclass, module = "edgetally._edgetally")]
#[derive(Debug)]
pub(crate) struct Record {
    values: Py<PyTuple>,
    refused: Option<Py<PyAny>>,
}

#[pymethods]
impl Record {
    #[new]
    #[pyo3(signature = (values, refused=None, /))]
    fn new(values: Bound<'_, PyTuple>, refused: Option<Py<PyAny>>) -> Self {
        Self {
            values: values.unbind(),
            refused,
        }
    }

    fn __getitem__<'py>(
        slf: &Bound<'py, Self>,
        key: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let values = slf.get().values.bind(slf.py());
        if let Ok(place) = key.extract::<usize>() {
            return values.get_item(place);
        }
        if let Ok(name) = key.cast::<PyString>() {
            let fields = slf.get_type().getattr("fields")?;
            let fields = fields.cast::<PyTuple>()?;
            return match fields.index(name) {
                Ok(place) => values.get_item(place),
                Err(_) => Err(PyKeyError::new_err(name.clone().unbind())),
            };
        }
        Err(PyTypeError::new_err("a field is looked up by its name"))
    }

    #[getter(_values)]
    fn values(&self, py: Python<'_>) -> Py<PyTuple> {
        self.values.clone_ref(py)
    }

    /// Which rows broke a rule, with ``errors="coerce"``; ``None`` when none did.
    #[getter(_refused)]
    fn refused(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.refused.as_ref().map(|refused| refused.clone_ref(py))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Pickled<'py> {
        let (py, this) = (slf.py(), slf.get());
        let refused = this.refused(py).unwrap_or_else(|| py.None());
        let arguments = PyTuple::new(py, [this.values(py).into_any(), refused])?;
        Ok((slf.get_type(), arguments))
    }
}

/// An estimate with the two ends of its interval.
///
/// ``float()`` gives the estimate, unpacking the two ends. For columns each of the three is a column.
///
/// >>> import edgetally
/// >>> interval = edgetally.Interval(300.0, 210.8, 389.7)
/// >>> interval.estimate, interval.low, interval.high
/// (300.0, 210.8, 389.7)
/// >>> float(interval)
/// 300.0
/// >>> low, high = interval
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
}

#[pymethods]
impl Interval {
    #[new]
    const fn new(estimate: Py<PyAny>, low: Py<PyAny>, high: Py<PyAny>) -> Self {
        Self {
            estimate,
            low,
            high,
        }
    }

    fn __float__(&self, py: Python<'_>) -> PyResult<f64> {
        self.estimate.bind(py).extract()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyTuple::new(py, [&self.low, &self.high])?.try_iter()
    }

    fn __bool__(&self, py: Python<'_>) -> PyResult<bool> {
        self.estimate.bind(py).is_truthy()
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

    fn __eq__(&self, py: Python<'_>, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else {
            return Ok(false);
        };
        let other = other.get();
        Ok(self.estimate.bind(py).eq(&other.estimate)?
            && self.low.bind(py).eq(&other.low)?
            && self.high.bind(py).eq(&other.high)?)
    }

    fn __hash__(&self, py: Python<'_>) -> PyResult<isize> {
        PyTuple::new(py, [&self.estimate, &self.low, &self.high])?.hash()
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
