#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn mixed_puts_half_precision_where_it_costs_nothing() {
    let bundle = Precision::Mixed.roles(ProblemKind::Bundle);
    let graph = Precision::Mixed.roles(ProblemKind::PoseGraph3);
    assert_eq!(
        (bundle.products, bundle.triangular),
        (ScalarType::F16, ScalarType::F32)
    );
    assert_eq!(
        (graph.products, graph.triangular),
        (ScalarType::F32, ScalarType::F16)
    );
    for roles in [bundle, graph] {
        assert_eq!(roles.vectors, ScalarType::F32);
        assert_eq!(roles.narrowest(), ScalarType::F16);
        assert!(roles.any_half());
    }
    assert!(!Precision::F32.roles(ProblemKind::Bundle).any_half());
}

#[test]
fn text_round_trips() {
    let custom = Precision::Custom(Roles {
        products: ScalarType::F16,
        triangular: ScalarType::F32,
        vectors: ScalarType::F32,
        residual: ScalarType::F64,
    });
    for precision in [
        Precision::F64,
        Precision::F32,
        Precision::Mixed,
        Precision::NaiveHalf,
        custom,
    ] {
        assert_eq!(precision.to_string().parse(), Ok(precision));
        let json = serde_json::to_string(&precision).unwrap();
        assert_eq!(json, format!("\"{precision}\""));
        assert_eq!(serde_json::from_str::<Precision>(&json).unwrap(), precision);
    }
    for half in HalfArithmetic::ALL {
        assert_eq!(half.to_string().parse(), Ok(*half));
    }
}

#[test]
fn bad_text_is_refused_with_the_words_that_would_do() {
    for bad in [
        "half",
        "custom:",
        "custom:products=f16",
        "custom:products=f8,triangular=f32,vectors=f32,residual=f32",
        "custom:product=f16,triangular=f32,vectors=f32,residual=f32",
    ] {
        let error = bad.parse::<Precision>().unwrap_err();
        assert!(error.to_string().contains("use "), "{error}");
    }
}
