//! Answers as the kind of column that came in.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, GenericStringArray, OffsetSizeTrait, StringViewArray};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::Field;
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList, PyString, PyTuple};
use pyo3::{IntoPyObjectExt as _, intern};
use pyo3_arrow::error::PyArrowError;
use pyo3_arrow::ffi::to_array_pycapsules;

use super::rows::Part;
use super::{Answers, Room};

/// Arrow's three layouts of text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    Utf8,
    Large,
    View,
}

/// The kind of column that came in, and so goes out.
#[derive(Clone, Debug)]
pub(super) enum Like<'py> {
    List,
    /// An array of objects, since NumPy's own text has no missing values.
    Numpy,
    Pandas {
        pandas: Bound<'py, PyAny>,
        shell: Shell<'py>,
        cells: Cells<'py>,
    },
    Polars {
        class: Bound<'py, PyAny>,
        name: Bound<'py, PyAny>,
    },
    Pyarrow {
        pyarrow: Bound<'py, PyAny>,
        chunked: bool,
        layout: Layout,
    },
    /// An object of ours that gives its Arrow capsules away.
    Arrow(Layout),
}

/// What pandas puts around an array.
#[derive(Clone, Debug)]
pub(super) enum Shell<'py> {
    Series(Bound<'py, PyAny>),
    Index(Bound<'py, PyAny>),
    None,
}

/// What a pandas array is made of.
#[derive(Clone, Debug)]
pub(super) enum Cells<'py> {
    Objects,
    /// Objects of pandas' own text type.
    Text(Bound<'py, PyAny>),
    /// Arrow's buffers, under pandas' own text type.
    TextOnArrow(Bound<'py, PyAny>),
    /// Arrow's buffers, under the type that says so.
    Arrow(Bound<'py, PyAny>, Layout),
}

/// Bytes that are zero until they are written, for a column of fixed width.
#[derive(Debug)]
pub(super) enum Memory {
    Heap(Vec<u8>),
    #[cfg(target_os = "linux")]
    Mapped(memmap2::MmapMut),
}

impl Memory {
    pub(super) fn new(length: usize) -> Self {
        // A huge page is two megabytes; a few of them have to be filled before they pay.
        #[cfg(target_os = "linux")]
        if length >= 8 << 20
            && let Ok(map) = memmap2::MmapMut::map_anon(length)
        {
            // A kernel without them says no, and all is as it would have been.
            let _ = map.advise(memmap2::Advice::HugePage);
            return Self::Mapped(map);
        }
        Self::Heap(vec![0; length])
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        match self {
            Self::Heap(bytes) => bytes,
            #[cfg(target_os = "linux")]
            Self::Mapped(map) => map,
        }
    }

    /// The first bytes of it, for Arrow.
    fn into_buffer(self, length: usize) -> Buffer {
        match self {
            Self::Heap(mut bytes) => {
                bytes.truncate(length);
                Buffer::from_vec(bytes)
            }
            #[cfg(target_os = "linux")]
            Self::Mapped(map) => {
                Buffer::from(bytes::Bytes::from_owner(map)).slice_with_length(0, length)
            }
        }
    }
}

/// What a thread leaves behind.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) grown: Vec<u8>,
    pub(super) there: Vec<bool>,
    pub(super) ends: Vec<usize>,
    pub(super) used: usize,
}

impl Piece {
    pub(super) fn of(answers: Answers<'_>) -> Self {
        Self {
            grown: match answers.room {
                Room::Grown(bytes) => bytes,
                Room::Share(_) => Vec::new(),
            },
            there: answers.there,
            ends: answers.ends,
            used: answers.used,
        }
    }
}

/// The answers for one column, end to end.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) bytes: Buffer,
    pub(super) there: Vec<bool>,
    pub(super) ends: Ends,
    pub(super) missing: bool,
}

#[derive(Debug)]
pub(super) enum Ends {
    At(Vec<usize>),
    Every(usize),
}

impl Texts {
    pub(super) fn fixed(mut memory: Memory, pieces: Vec<Piece>, width: usize) -> Self {
        let bytes = memory.as_mut_slice();
        let (mut from, mut to) = (0, 0);
        let mut there = Vec::new();
        for mut piece in pieces {
            // The share of a thread that dropped rows is not full: close the gap.
            if from != to {
                bytes.copy_within(from..from + piece.used, to);
            }
            from += piece.there.len() * width;
            to += piece.used;
            if there.is_empty() {
                there = piece.there;
            } else {
                there.append(&mut piece.there);
            }
        }
        Self {
            bytes: memory.into_buffer(to),
            missing: from != to,
            there,
            ends: Ends::Every(width),
        }
    }

    pub(super) fn joined(pieces: Vec<Piece>) -> Self {
        let mut pieces = pieces.into_iter();
        let first = pieces.next();
        let (mut bytes, mut there, mut ends) = first.map_or_else(Default::default, |piece| {
            (piece.grown, piece.there, piece.ends)
        });
        for mut piece in pieces {
            let base = bytes.len();
            bytes.append(&mut piece.grown);
            there.append(&mut piece.there);
            ends.extend(piece.ends.iter().map(|end| end + base));
        }
        Self {
            bytes: Buffer::from_vec(bytes),
            missing: there.contains(&false),
            there,
            ends: Ends::At(ends),
        }
    }

    /// Where each row's answer ends; a dropped one takes no room.
    fn ends(&self) -> impl Iterator<Item = usize> {
        let mut fixed = 0;
        let mut row = 0;
        self.there.iter().map(move |there| {
            let end = match &self.ends {
                Ends::Every(width) => {
                    fixed += if *there { *width } else { 0 };
                    fixed
                }
                Ends::At(ends) => ends.get(row).copied().unwrap_or_default(),
            };
            row += 1;
            end
        })
    }

    fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        let mut start = 0;
        self.there.iter().zip(self.ends()).map(move |(there, end)| {
            let answer = self.bytes.get(start..end);
            start = end;
            let answer = answer.and_then(|answer| str::from_utf8(answer).ok());
            if *there { answer } else { None }
        })
    }

    fn nulls(&self) -> Option<NullBuffer> {
        let there = |row: usize| self.there.get(row) == Some(&true);
        self.missing
            .then(|| NullBuffer::new(BooleanBuffer::collect_bool(self.there.len(), there)))
    }

    /// As an Arrow array, with the offsets that the layout has if they are wide enough.
    fn into_array(self, layout: Layout) -> Result<ArrayRef, PyArrowError> {
        match layout {
            Layout::View => self.into_views(),
            Layout::Utf8 if i32::try_from(self.bytes.len()).is_ok() => self.into_offsets::<i32>(),
            Layout::Utf8 | Layout::Large => self.into_offsets::<i64>(),
        }
    }

    fn into_offsets<O: OffsetSizeTrait>(self) -> Result<ArrayRef, PyArrowError> {
        let nulls = self.nulls();
        let mut offsets = Vec::with_capacity(self.there.len() + 1);
        offsets.push(O::default());
        match self.ends {
            Ends::Every(width) if !self.missing => {
                let ends = (1..=self.there.len()).map(|row| O::usize_as(row * width));
                offsets.extend(ends);
            }
            _ => offsets.extend(self.ends().map(O::usize_as)),
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let array = GenericStringArray::<O>::try_new(offsets, self.bytes, nulls)?;
        Ok(Arc::new(array))
    }

    fn into_views(self) -> Result<ArrayRef, PyArrowError> {
        // A view's offset is a 32-bit number, so much text takes several buffers: slices of the one.
        const MOST: usize = i32::MAX as usize;
        let nulls = self.nulls();
        let mut views: Vec<u128> = Vec::with_capacity(self.there.len());
        let mut cuts = vec![0];
        let (mut start, mut base) = (0, 0);
        for end in self.ends() {
            if end - base > MOST {
                base = start;
                cuts.push(base);
            }
            let text = self.bytes.get(start..end).unwrap_or_default();
            let length = text.len() as u128;
            views.push(if text.len() <= 12 {
                let mut inline = [0; 16];
                inline
                    .iter_mut()
                    .skip(4)
                    .zip(text)
                    .for_each(|(to, from)| *to = *from);
                u128::from_le_bytes(inline) | length
            } else {
                let prefix = text.first_chunk::<4>().copied().unwrap_or_default();
                let prefix = u128::from(u32::from_le_bytes(prefix));
                let buffer = cuts.len() as u128 - 1;
                length | prefix << 32 | buffer << 64 | ((start - base) as u128) << 96
            });
            start = end;
        }
        let bytes = self.bytes;
        let ends = cuts.iter().skip(1).copied().chain([bytes.len()]);
        let buffers = cuts
            .iter()
            .zip(ends)
            .map(|(from, to)| bytes.slice_with_length(*from, to - from));
        let buffers: Vec<Buffer> = buffers.collect();
        let array = StringViewArray::try_new(ScalarBuffer::from(views), buffers, nulls)?;
        Ok(Arc::new(array))
    }
}

impl<'py> Like<'py> {
    /// The answers as the kind of column that the values came in.
    pub(super) fn wrap(&self, py: Python<'py>, texts: Texts) -> PyResult<Bound<'py, PyAny>> {
        let objects = || {
            texts
                .iter()
                .map(|answer| answer.map(|answer| PyString::new(py, answer)))
        };
        let array = || -> PyResult<Bound<'py, PyAny>> {
            let objects = objects().map(|text| text.into_py_any(py));
            let objects: Vec<Py<PyAny>> = objects.collect::<PyResult<_>>()?;
            Ok(PyArray1::from_vec(py, objects).into_any())
        };
        let of_pyarrow = |pyarrow: &Bound<'py, PyAny>, exported: TextArray| {
            pyarrow.call_method1(intern!(py, "array"), (exported,))
        };
        match self {
            Self::List => Ok(PyList::new(py, objects().collect::<Vec<_>>())?.into_any()),
            Self::Numpy => array(),
            Self::Polars { class, name } => {
                let exported = TextArray(texts.into_array(Layout::View)?);
                // Of an Arrow object Polars takes the name too, and ours has none.
                let options = PyDict::new(py);
                options.set_item(intern!(py, "values"), exported)?;
                let series = class.call((), Some(&options))?;
                series.call_method1(intern!(py, "alias"), (name,))
            }
            Self::Pyarrow {
                pyarrow,
                chunked,
                layout,
            } => {
                let array = of_pyarrow(pyarrow, TextArray(texts.into_array(*layout)?))?;
                if *chunked {
                    return pyarrow.call_method1(intern!(py, "chunked_array"), (vec![array],));
                }
                Ok(array)
            }
            Self::Arrow(layout) => {
                Ok(Bound::new(py, TextArray(texts.into_array(*layout)?))?.into_any())
            }
            Self::Pandas {
                pandas,
                shell,
                cells,
            } => {
                // pandas stands on Arrow here, so this finds it loaded.
                let pyarrow = || py.import(intern!(py, "pyarrow")).map(Bound::into_any);
                let from_arrow = intern!(py, "__from_arrow__");
                let array = match cells {
                    Cells::Objects => array()?,
                    Cells::Text(dtype) => {
                        let options = PyDict::new(py);
                        options.set_item(intern!(py, "dtype"), dtype)?;
                        pandas.call_method(intern!(py, "array"), (array()?,), Some(&options))?
                    }
                    Cells::TextOnArrow(dtype) => {
                        let exported = TextArray(texts.into_array(Layout::Large)?);
                        let array = of_pyarrow(&pyarrow()?, exported)?;
                        dtype.call_method1(from_arrow, (array,))?
                    }
                    Cells::Arrow(class, layout) => {
                        let exported = TextArray(texts.into_array(*layout)?);
                        let array = of_pyarrow(&pyarrow()?, exported)?;
                        let dtype = class.call1((array.getattr(intern!(py, "type"))?,))?;
                        dtype.call_method1(from_arrow, (array,))?
                    }
                };
                let options = PyDict::new(py);
                if matches!(cells, Cells::Objects) {
                    // Or pandas 3 makes another type of them.
                    options.set_item(intern!(py, "dtype"), intern!(py, "object"))?;
                }
                let class = match shell {
                    Shell::None if matches!(cells, Cells::Objects) => {
                        return pandas.call_method(intern!(py, "array"), (array,), Some(&options));
                    }
                    Shell::None => return Ok(array),
                    Shell::Index(owner) => {
                        options.set_item("name", owner.getattr(intern!(py, "name"))?)?;
                        intern!(py, "Index")
                    }
                    Shell::Series(owner) => {
                        options.set_item("name", owner.getattr(intern!(py, "name"))?)?;
                        options.set_item("index", owner.getattr(intern!(py, "index"))?)?;
                        intern!(py, "Series")
                    }
                };
                options.set_item("copy", false)?;
                pandas.call_method(class, (array,), Some(&options))
            }
        }
    }
}

/// Text in Arrow's memory, for every library that reads Arrow capsules.
#[pyclass(frozen, module = "edgetally._edgetally")]
pub(super) struct TextArray(ArrayRef);

#[pymethods]
impl TextArray {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let field = Arc::new(Field::new("", self.0.data_type().clone(), true));
        Ok(to_array_pycapsules(
            py,
            field,
            self.0.as_ref(),
            requested_schema,
        )?)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __repr__(&self) -> String {
        format!("<TextArray of {} rows>", self.0.len())
    }

    /// The rows as a list of ``str`` and ``None``.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = Part::of(self.0.as_ref());
        let rows = (0..rows.len()).map(|row| rows.get(row).map(|text| PyString::new(py, text)));
        PyList::new(py, rows.collect::<Vec<_>>())
    }
}
