//! Indices that cannot be confused with one another.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The index as `usize`.
            #[inline]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            fn from(index: usize) -> Self {
                Self(index as u32)
            }
        }
    };
}

id!(
    /// A pose, by its position in the graph (not its label in a file).
    PoseId
);
id!(
    /// A landmark of a pose graph, by its position.
    LandmarkId
);
id!(
    /// A sensor mounted on the body of a pose graph's poses.
    SensorId
);
id!(
    /// A camera of a bundle, by its position.
    CameraId
);
id!(
    /// A point of a bundle, by its position.
    PointId
);
id!(
    /// A lens (projection model) of a bundle.
    LensId
);
