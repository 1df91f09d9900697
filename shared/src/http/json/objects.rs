//! Objects of a JSON body, and nothing else, for structs: serde by itself also reads a struct from an array of its
//! fields' values, so that `[]` would pass for an object whose fields are all optional. Texts lose their control and
//! direction characters on the way, so that no note, reason or name of a person hides or reorders the text next to it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

use crate::domain::vendor_text::without_controls;

/// Refuses an array in place of a struct, at any depth, and cleans texts where `CLEANS`: a secret, and the address that it is
/// sent to, are refused rather than changed. What serde buffers (the content of internally tagged and untagged enums) is
/// read as it is.
pub(super) struct ObjectsOnly<T, const CLEANS: bool>(pub(super) T);

/// A visitor or seed whose values are read through [`ObjectsOnly`].
struct Through<V, const CLEANS: bool> {
    inner: V,
    /// Whether it visits a struct.
    is_struct: bool,
}

impl<V, const CLEANS: bool> Through<V, CLEANS> {
    const fn new(inner: V) -> Self {
        Self { inner, is_struct: false }
    }

    const fn of_struct(inner: V) -> Self {
        Self { inner, is_struct: true }
    }
}

fn cleaned<const CLEANS: bool>(text: &str) -> Cow<'_, str> {
    if CLEANS { without_controls(text) } else { Cow::Borrowed(text) }
}

macro_rules! forward {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            self.0.$method(Through::<_, CLEANS>::new(visitor))
        })*
    };
}

impl<'de, D: Deserializer<'de>, const CLEANS: bool> Deserializer<'de> for ObjectsOnly<D, CLEANS> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_unit_struct(name, Through::<_, CLEANS>::new(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, Through::<_, CLEANS>::new(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple(length, Through::<_, CLEANS>::new(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_tuple_struct(name, length, Through::<_, CLEANS>::new(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_struct(name, fields, Through::<_, CLEANS>::of_struct(visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_enum(name, variants, Through::<_, CLEANS>::new(visitor))
    }
}

macro_rules! visit {
    ($($method:ident $kind:ty,)*) => {
        $(fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.inner.$method(value)
        })*
    };
}

impl<'de, V: Visitor<'de>, const CLEANS: bool> Visitor<'de> for Through<V, CLEANS> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    visit! {
        visit_bool bool, visit_i8 i8, visit_i16 i16, visit_i32 i32, visit_i64 i64, visit_i128 i128, visit_u8 u8,
        visit_u16 u16, visit_u32 u32, visit_u64 u64, visit_u128 u128, visit_f32 f32, visit_f64 f64, visit_char char,
        visit_bytes &[u8],
        visit_borrowed_bytes &'de [u8], visit_byte_buf Vec<u8>,
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        match cleaned::<CLEANS>(text) {
            Cow::Borrowed(text) => self.inner.visit_str(text),
            Cow::Owned(text) => self.inner.visit_string(text),
        }
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        match cleaned::<CLEANS>(text) {
            Cow::Borrowed(text) => self.inner.visit_borrowed_str(text),
            Cow::Owned(text) => self.inner.visit_string(text),
        }
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
        self.inner.visit_string(cleaned::<CLEANS>(&text).into_owned())
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(ObjectsOnly::<_, CLEANS>(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(ObjectsOnly::<_, CLEANS>(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<V::Value, A::Error> {
        if self.is_struct {
            return Err(Error::invalid_type(Unexpected::Seq, &self as &dyn Expected));
        }
        self.inner.visit_seq(ObjectsOnly::<_, CLEANS>(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(ObjectsOnly::<_, CLEANS>(object))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(ObjectsOnly::<_, CLEANS>(data))
    }
}

impl<'de, S: DeserializeSeed<'de>, const CLEANS: bool> DeserializeSeed<'de> for Through<S, CLEANS> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(ObjectsOnly::<_, CLEANS>(deserializer))
    }
}

impl<'de, A: SeqAccess<'de>, const CLEANS: bool> SeqAccess<'de> for ObjectsOnly<A, CLEANS> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Through::<_, CLEANS>::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>, const CLEANS: bool> MapAccess<'de> for ObjectsOnly<A, CLEANS> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Through::<_, CLEANS>::new(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>, const CLEANS: bool> EnumAccess<'de> for ObjectsOnly<A, CLEANS> {
    type Error = A::Error;
    type Variant = ObjectsOnly<A::Variant, CLEANS>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.0.variant_seed(seed)?;
        Ok((value, ObjectsOnly::<_, CLEANS>(variant)))
    }
}

impl<'de, A: VariantAccess<'de>, const CLEANS: bool> VariantAccess<'de> for ObjectsOnly<A, CLEANS> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Through::<_, CLEANS>::new(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(length, Through::<_, CLEANS>::new(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Through::<_, CLEANS>::of_struct(visitor))
    }
}
