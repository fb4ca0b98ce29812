//! Columns to be summed, as doubles.

use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

pub(super) enum NumberChunk<'a> {
    Arrow(ArrayRef),
    Doubles(&'a [f64]),
    Integers(&'a [i64]),
}

/// A column to be summed.
pub(super) struct Number<'a> {
    pub(super) chunks: Vec<NumberChunk<'a>>,
    pub(super) ends: Vec<usize>,
}

/// Doubles of a block of rows: the column's own where it has them.
pub(super) fn doubles<'a>(
    chunk: &'a NumberChunk<'_>,
    range: Range<usize>,
    scratch: &'a mut Vec<f64>,
) -> &'a [f64] {
    let own = match chunk {
        NumberChunk::Doubles(doubles) => Some(*doubles),
        NumberChunk::Integers(_) => None,
        NumberChunk::Arrow(array) => array
            .as_primitive_opt::<Float64Type>()
            .filter(|array| array.null_count() == 0)
            .map(|array| &**array.values()),
    };
    scratch.clear();
    if let Some(own) = own {
        return own.get(range).unwrap_or_default();
    }
    let array = match chunk {
        NumberChunk::Arrow(array) => array,
        NumberChunk::Doubles(_) => return &[],
        NumberChunk::Integers(numbers) => {
            let numbers = numbers.get(range).unwrap_or_default();
            scratch.extend(numbers.iter().map(|number| *number as f64));
            return scratch;
        }
    };
    let block = array.slice(range.start, range.len());
    fn cast<T: ArrowPrimitiveType>(
        block: &ArrayRef,
        to: &mut Vec<f64>,
        value: impl FnMut(T::Native) -> f64,
    ) {
        to.extend(
            block
                .as_primitive::<T>()
                .values()
                .iter()
                .copied()
                .map(value),
        );
    }
    match block.data_type() {
        DataType::Int8 => cast::<Int8Type>(&block, scratch, f64::from),
        DataType::Int16 => cast::<Int16Type>(&block, scratch, f64::from),
        DataType::Int32 => cast::<Int32Type>(&block, scratch, f64::from),
        DataType::Int64 => cast::<Int64Type>(&block, scratch, |number| number as f64),
        DataType::UInt8 => cast::<UInt8Type>(&block, scratch, f64::from),
        DataType::UInt16 => cast::<UInt16Type>(&block, scratch, f64::from),
        DataType::UInt32 => cast::<UInt32Type>(&block, scratch, f64::from),
        DataType::UInt64 => cast::<UInt64Type>(&block, scratch, |number| number as f64),
        DataType::Float32 => cast::<Float32Type>(&block, scratch, f64::from),
        DataType::Float64 => cast::<Float64Type>(&block, scratch, |number| number),
        DataType::Boolean => {
            let block = block.as_boolean();
            scratch.extend((0..block.len()).map(|row| f64::from(u8::from(block.value(row)))));
        }
        _ => scratch.extend(std::iter::repeat_n(f64::NAN, block.len())),
    }
    if let Some(nulls) = block.logical_nulls() {
        for (number, valid) in scratch.iter_mut().zip(nulls.iter()) {
            if !valid {
                *number = f64::NAN;
            }
        }
    }
    scratch
}
