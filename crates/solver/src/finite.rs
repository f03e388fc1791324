//! Numbers in JSON, which has no word for NaN and infinity: they are written
//! as the strings `nan`, `inf` and `-inf`.

use serde::{Deserialize, Deserializer, Serializer};

pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(*value)
    } else if value.is_nan() {
        serializer.serialize_str("nan")
    } else if *value > 0.0 {
        serializer.serialize_str("inf")
    } else {
        serializer.serialize_str("-inf")
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Word(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(value) => Ok(value),
        Either::Word(word) => match word.as_str() {
            "nan" => Ok(f64::NAN),
            "inf" => Ok(f64::INFINITY),
            "-inf" => Ok(f64::NEG_INFINITY),
            _ => Err(serde::de::Error::custom(format!(
                "'{word}' is not a number, nan, inf or -inf"
            ))),
        },
    }
}

/// The same for numbers that may be absent.
pub(crate) mod option {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Wrapped(#[serde(with = "super")] f64);

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<f64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.map(Wrapped).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Wrapped>::deserialize(deserializer)?.map(|w| w.0))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    struct Pair {
        #[serde(with = "super")]
        a: f64,
        #[serde(with = "super::option")]
        b: Option<f64>,
    }

    #[test]
    fn every_number_comes_back_with_its_bits() {
        let numbers = [
            0.1,
            -0.0,
            f64::MIN_POSITIVE,
            5e-324,
            f64::MAX,
            2.225_073_858_507_201e-308,
            675.700_962_913_021,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        for a in numbers {
            let json = serde_json::to_string(&Pair { a, b: Some(a) }).unwrap();
            let back: Pair = serde_json::from_str(&json).unwrap();
            assert_eq!(back.a.to_bits(), a.to_bits(), "{json}");
            assert_eq!(back.b.map(f64::to_bits), Some(a.to_bits()), "{json}");
        }
    }

    #[test]
    fn nan_is_a_word_and_nothing_is_null() {
        let json = serde_json::to_string(&Pair {
            a: f64::NAN,
            b: None,
        })
        .unwrap();
        assert_eq!(json, r#"{"a":"nan","b":null}"#);
        let back: Pair = serde_json::from_str(&json).unwrap();
        assert!(back.a.is_nan() && back.b.is_none());
        assert!(serde_json::from_str::<Pair>(r#"{"a":"many","b":null}"#).is_err());
    }
}
