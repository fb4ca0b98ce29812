//! What Python hands over: one text, or a column of any kind.

use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyFloat, PyList, PySequence, PyString, PyTuple};
use pyo3_arrow::input::AnyArray;

use super::output::{Cells, Layout, Like, Shell};
use super::rows::{Part, Rows};
use crate::problem::{Code, Problem};

/// What was passed for an argument that takes one value or many.
#[derive(Debug)]
pub(crate) enum Input<'py> {
    Scalar(Option<Bound<'py, PyString>>),
    Column(Column<'py>),
}

/// Many rows, and what kind of column its answers shall be.
#[derive(Debug)]
pub(crate) struct Column<'py> {
    pub(super) held: Held<'py>,
    pub(super) like: Like<'py>,
}

#[derive(Debug)]
pub(super) enum Held<'py> {
    Objects(Vec<Option<Bound<'py, PyString>>>),
    Arrow(Vec<ArrayRef>),
}

impl<'py> Input<'py> {
    pub(crate) fn read(argument: &'static str, value: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(scalar) = optional_text(value)? {
            return Ok(Self::Scalar(scalar));
        }
        let column = if let Ok(list) = value.cast::<PyList>() {
            Column::of_items(argument, list.len(), list.iter().map(Ok))?
        } else if let Ok(tuple) = value.cast::<PyTuple>() {
            Column::of_items(argument, tuple.len(), tuple.iter().map(Ok))?
        } else if is_single(value)? {
            return Self::read(argument, &value.call_method0(intern!(value.py(), "item"))?);
        } else if let Some(column) = Column::of_library(argument, value)? {
            column
        } else if let Ok(sequence) = value.cast::<PySequence>()
            // Bytes are a sequence to Python, and the empty ones would pass for a column without rows.
            && !value.is_instance_of::<PyBytes>()
            && !value.is_instance_of::<PyByteArray>()
        {
            let (length, items) = (sequence.len()?, sequence.try_iter()?);
            Column::of_items(argument, length, items)?
        } else {
            return Err(wrong_type(argument, None, value));
        };
        Ok(Self::Column(column))
    }

    /// The one value, where the arguments beside it are no columns.
    pub(crate) fn scalar(&self, argument: &'static str) -> Result<Option<&str>, Problem> {
        match self {
            Self::Scalar(text) => text
                .as_ref()
                .map(|text| utf8(argument, None, text))
                .transpose(),
            Self::Column(_) => Err(Problem::new(
                Code::LengthMismatch,
                format!("{argument} is a column, value is not"),
            )),
        }
    }

    /// An argument that may be left out.
    pub(crate) fn read_optional(
        argument: &'static str,
        value: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        value.map_or(Ok(Self::Scalar(None)), |value| Self::read(argument, value))
    }
}

impl<'py> Column<'py> {
    fn of_items(
        argument: &'static str,
        length: usize,
        items: impl Iterator<Item = PyResult<Bound<'py, PyAny>>>,
    ) -> PyResult<Self> {
        let mut rows = Vec::with_capacity(length);
        for item in items {
            let item = item?;
            match optional_text(&item)? {
                Ok(text) => rows.push(text),
                Err(Other) => return Err(wrong_type(argument, Some(rows.len()), &item)),
            }
        }
        Ok(Self {
            held: Held::Objects(rows),
            like: Like::List,
        })
    }

    /// A column of a library that the program has loaded already, or of Arrow's interface.
    fn of_library(argument: &'static str, value: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let py = value.py();
        let modules = py
            .import(intern!(py, "sys"))?
            .getattr(intern!(py, "modules"))?;
        let modules = modules.cast::<PyDict>()?;
        let is = |module: &Bound<'py, PyAny>, class: &str| -> PyResult<bool> {
            // Half a module is seen while it is being imported.
            match module.getattr_opt(class)? {
                Some(class) => value.is_instance(&class),
                None => Ok(false),
            }
        };
        if let Some(numpy) = modules.get_item(intern!(py, "numpy"))?
            && is(&numpy, "ndarray")?
        {
            return Self::of_numpy(argument, value).map(Some);
        }
        if let Some(pandas) = modules.get_item(intern!(py, "pandas"))? {
            let shell = if is(&pandas, "Series")? {
                Some(Shell::Series(value.clone()))
            } else if is(&pandas, "Index")? {
                Some(Shell::Index(value.clone()))
            } else {
                let api = pandas.getattr_opt(intern!(py, "api"))?;
                let extensions = match api {
                    Some(api) => api.getattr_opt(intern!(py, "extensions"))?,
                    None => None,
                };
                match extensions {
                    Some(extensions) if is(&extensions, "ExtensionArray")? => Some(Shell::None),
                    _ => None,
                }
            };
            if let Some(shell) = shell {
                return Self::of_pandas(argument, value, &pandas, &shell).map(Some);
            }
        }
        if let Some(polars) = modules.get_item(intern!(py, "polars"))?
            && is(&polars, "Series")?
        {
            // Polars and the Arrow crate differ on what a column without a type is made of, and older Polars on categories.
            let dtype = value.getattr(intern!(py, "dtype"))?;
            let mut texts = value.clone();
            for kind in ["Null", "Categorical", "Enum"] {
                if let Some(kind) = polars.getattr_opt(kind)?
                    && dtype.eq(kind)?
                {
                    let text = polars.getattr(intern!(py, "String"))?;
                    texts = value.call_method1(intern!(py, "cast"), (text,))?;
                }
            }
            let (chunks, _) = arrow(argument, &texts)?;
            return Ok(Some(Self {
                held: Held::Arrow(chunks),
                like: Like::Polars {
                    class: polars.getattr(intern!(py, "Series"))?,
                    name: value.getattr(intern!(py, "name"))?,
                },
            }));
        }
        if let Some(pyarrow) = modules.get_item(intern!(py, "pyarrow"))? {
            let chunked = is(&pyarrow, "ChunkedArray")?;
            if chunked || is(&pyarrow, "Array")? {
                let (chunks, layout) = arrow(argument, value)?;
                let like = Like::Pyarrow {
                    pyarrow,
                    chunked,
                    layout,
                };
                return Ok(Some(Self {
                    held: Held::Arrow(chunks),
                    like,
                }));
            }
        }
        if value.hasattr(intern!(py, "__arrow_c_array__"))?
            || value.hasattr(intern!(py, "__arrow_c_stream__"))?
        {
            let (chunks, layout) = arrow(argument, value)?;
            return Ok(Some(Self {
                held: Held::Arrow(chunks),
                like: Like::Arrow(layout),
            }));
        }
        Ok(None)
    }

    fn of_numpy(argument: &'static str, array: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = array.py();
        let dimensions: usize = array.getattr(intern!(py, "ndim"))?.extract()?;
        let kind: char = array
            .getattr(intern!(py, "dtype"))?
            .getattr(intern!(py, "kind"))?
            .extract()?;
        // Objects, and the two kinds of text.
        if dimensions != 1 || !matches!(kind, 'O' | 'U' | 'T') {
            let hint = if matches!(kind, 'i' | 'u' | 'f') {
                AS_TEXT
            } else {
                ""
            };
            let message = format!(
                "{argument} is an array of kind {kind:?} with {dimensions} dimensions, not one of text with one{hint}"
            );
            return Err(Problem::new(Code::WrongType, message).into());
        }
        let items = array.call_method0(intern!(py, "tolist"))?;
        let items = items.cast::<PyList>()?;
        let column = Self::of_items(argument, items.len(), items.iter().map(Ok))?;
        Ok(Self {
            like: Like::Numpy,
            ..column
        })
    }

    fn of_pandas(
        argument: &'static str,
        value: &Bound<'py, PyAny>,
        pandas: &Bound<'py, PyAny>,
        shell: &Shell<'py>,
    ) -> PyResult<Self> {
        let py = value.py();
        let array = match shell {
            // One of several levels has none.
            Shell::Series(owner) | Shell::Index(owner) => owner
                .getattr(intern!(py, "array"))
                .map_err(|_| wrong_type(argument, None, value))?,
            Shell::None => value.clone(),
        };
        let mut dtype = value.getattr(intern!(py, "dtype"))?;
        let is = |dtype: &Bound<'py, PyAny>, class: &str| -> PyResult<bool> {
            match pandas.getattr_opt(class)? {
                Some(class) => dtype.is_instance(&class),
                None => Ok(false),
            }
        };
        let like = |cells| Like::Pandas {
            pandas: pandas.clone(),
            shell: shell.clone(),
            cells,
        };
        let on_arrow = is(&dtype, "ArrowDtype")?;
        let is_text = is(&dtype, "StringDtype")?;
        // pandas 2 says "pyarrow_numpy" too.
        let storage: Option<String> = if is_text {
            dtype.getattr(intern!(py, "storage"))?.extract()?
        } else {
            None
        };
        if on_arrow || storage.is_some_and(|storage| storage.starts_with("pyarrow")) {
            let buffers = array.call_method0(intern!(py, "__arrow_array__"))?;
            let (chunks, layout) = arrow(argument, &buffers)?;
            let cells = if on_arrow {
                Cells::Arrow(dtype.get_type().into_any(), layout)
            } else {
                Cells::TextOnArrow(dtype)
            };
            return Ok(Self {
                held: Held::Arrow(chunks),
                like: like(cells),
            });
        }
        let options = PyDict::new(py);
        options.set_item(intern!(py, "dtype"), intern!(py, "object"))?;
        let objects = value.call_method(intern!(py, "to_numpy"), (), Some(&options))?;
        let items = objects.call_method0(intern!(py, "tolist"))?;
        let items = items.cast::<PyList>()?;
        let column = Self::of_items(argument, items.len(), items.iter().map(Ok))?;
        if is(&dtype, "CategoricalDtype")? {
            dtype = dtype
                .getattr(intern!(py, "categories"))?
                .getattr(intern!(py, "dtype"))?;
        }
        let cells = if is(&dtype, "StringDtype")? {
            Cells::Text(dtype)
        } else {
            Cells::Objects
        };
        Ok(Self {
            like: like(cells),
            ..column
        })
    }

    pub(crate) fn len(&self) -> usize {
        match &self.held {
            Held::Objects(rows) => rows.len(),
            Held::Arrow(chunks) => chunks.iter().map(Array::len).sum(),
        }
    }

    /// The texts, for as long as the column lives.
    pub(super) fn rows(&self, argument: &'static str) -> Result<Rows<'_>, Problem> {
        let parts = match &self.held {
            Held::Objects(rows) => vec![Part::Texts(utf8_rows(argument, rows)?)],
            Held::Arrow(chunks) => chunks.iter().map(|chunk| Part::of(chunk)).collect(),
        };
        Ok(Rows(parts))
    }
}

/// An object that is neither text nor a missing value.
struct Other;

fn optional_text<'py>(
    value: &Bound<'py, PyAny>,
) -> PyResult<Result<Option<Bound<'py, PyString>>, Other>> {
    Ok(match value.cast::<PyString>() {
        Ok(text) => Ok(Some(text.clone())),
        Err(_) if value.is_none() || is_missing(value)? => Ok(None),
        Err(_) => Err(Other),
    })
}

/// An array of NumPy's without dimensions, which holds one value.
fn is_single(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = value.py();
    Ok(match value.getattr_opt(intern!(py, "ndim"))? {
        Some(dimensions) => {
            dimensions.extract::<usize>().is_ok_and(|count| count == 0)
                && value.hasattr(intern!(py, "item"))?
                && value.get_type().name()? == "ndarray"
        }
        None => false,
    })
}

/// Not-a-number, `pandas.NA` and `pandas.NaT`, beside `None`.
fn is_missing(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(number.value().is_nan());
    }
    Ok(matches!(
        value.get_type().name()?.to_str()?,
        "NAType" | "NaTType"
    ))
}

/// What to do about numbers where text is wanted. A telephone number that was a number has lost its zeros, and a float may have
/// gained a digit behind the point: what it was before cannot be known here.
const AS_TEXT: &str =
    ": read such columns as text (dtype=str), before leading zeros and signs are lost";

fn wrong_type(argument: &'static str, row: Option<usize>, value: &Bound<'_, PyAny>) -> PyErr {
    let kind = match value.get_type().name() {
        Ok(name) => name.to_string(),
        Err(error) => return error,
    };
    // NumPy's are named after their size.
    let number = ["int", "uint", "float"]
        .iter()
        .any(|name| kind.trim_end_matches(|c: char| c.is_ascii_digit()) == *name);
    let hint = if number { AS_TEXT } else { "" };
    let message = match row {
        Some(row) => format!("{argument}[{row}] is neither str nor None, but {kind}{hint}"),
        None => {
            format!("{argument} is neither str nor None nor a sequence of them, but {kind}{hint}")
        }
    };
    Problem::new(Code::WrongType, message).into()
}

/// The UTF-8 form. Python's own error would carry the text along.
pub(crate) fn utf8<'a>(
    argument: &'static str,
    row: Option<usize>,
    text: &'a Bound<'_, PyString>,
) -> Result<&'a str, Problem> {
    text.to_str().map_err(|_| {
        let row = row.map(|row| format!("[{row}]")).unwrap_or_default();
        Problem::new(
            Code::InvalidUnicode,
            format!("{argument}{row} holds half a surrogate pair"),
        )
    })
}

/// The UTF-8 forms of a column.
pub(super) fn utf8_rows<'a>(
    argument: &'static str,
    rows: &'a [Option<Bound<'_, PyString>>],
) -> Result<Vec<Option<&'a str>>, Problem> {
    let texts = rows.iter().enumerate().map(|(row, text)| {
        let text = text.as_ref();
        text.map(|text| utf8(argument, Some(row), text)).transpose()
    });
    texts.collect()
}

/// The buffers behind an object with Arrow capsules, if they hold text.
pub(super) fn arrow(
    argument: &'static str,
    value: &Bound<'_, PyAny>,
) -> PyResult<(Vec<ArrayRef>, Layout)> {
    let array = value.extract::<AnyArray>()?;
    let refuse = |data_type: &DataType| {
        let hint = if data_type.is_numeric() { AS_TEXT } else { "" };
        let message = format!("{argument} is a column of {data_type}, not of text{hint}");
        PyErr::from(Problem::new(Code::WrongType, message))
    };
    // Looked at before the stream is read: it may be a whole table.
    let field = array.field()?;
    let layout = layout(field.data_type()).ok_or_else(|| refuse(field.data_type()))?;
    let (chunks, _) = array.into_chunked_array()?.into_inner();
    Ok((chunks, layout))
}

pub(super) fn layout(data_type: &DataType) -> Option<Layout> {
    match data_type {
        // A column of nothing but missing values has no type of its own.
        DataType::Utf8 | DataType::Null => Some(Layout::Utf8),
        DataType::LargeUtf8 => Some(Layout::Large),
        DataType::Utf8View => Some(Layout::View),
        DataType::Dictionary(_, values) => layout(values),
        _ => None,
    }
}
