// Ceres: pose graphs by SPARSE_NORMAL_CHOLESKY, bundles by its Schur solvers.
// Costs by autodiff, for bundles also with derivatives by hand.
#include <ceres/ceres.h>
#include <ceres/rotation.h>

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <cmath>
#include <cstring>
#include <iostream>
#include <utility>

#include "common.hpp"

namespace {

using peers::Arguments;

/// Cholesky factor L^T of the information matrix, so that |L^T r|^2 = r^T Omega r.
template <int N, std::size_t M>
Eigen::Matrix<double, N, N> root_information(const std::array<double, M>& upper) {
  Eigen::Matrix<double, N, N> omega;
  std::size_t k = 0;
  for (int i = 0; i < N; ++i)
    for (int j = i; j < N; ++j) omega(i, j) = omega(j, i) = upper[k++];
  return omega.llt().matrixU();
}

/// r = Log(Z^-1 Xi^-1 Xj) in SE(2), order [rho, theta].
struct Between2 {
  std::array<double, 3> z;
  Eigen::Matrix3d root;

  template <typename T>
  bool operator()(const T* a, const T* b, T* out) const {
    const T ca = cos(a[2]), sa = sin(a[2]);
    const T dx = b[0] - a[0], dy = b[1] - a[1];
    const T ux = ca * dx + sa * dy - z[0], uy = -sa * dx + ca * dy - z[1];
    const double cz = std::cos(z[2]), sz = std::sin(z[2]);
    const T x = cz * ux + sz * uy, y = -sz * ux + cz * uy;
    T angle = b[2] - a[2] - z[2];
    angle = angle - 2.0 * M_PI * floor((angle + M_PI) / (2.0 * M_PI));
    const T half = 0.5 * angle;
    // half * cot(half)
    const T c = abs(half) < 1e-4 ? T(1.0) - half * half / 3.0 : half / tan(half);
    Eigen::Matrix<T, 3, 1> r(c * x + half * y, -half * x + c * y, angle);
    Eigen::Map<Eigen::Matrix<T, 3, 1>> whitened(out);
    whitened = root.cast<T>() * r;
    return true;
  }
};

/// r = Log(Z^-1 Xi^-1 Xj) in SE(3), order [rho, phi]; a pose is [x y z qx qy qz qw].
struct Between3 {
  Eigen::Quaterniond zq;
  Eigen::Vector3d zt;
  Eigen::Matrix<double, 6, 6> root;

  template <typename T>
  bool operator()(const T* a, const T* b, T* out) const {
    using V = Eigen::Matrix<T, 3, 1>;
    using Q = Eigen::Quaternion<T>;
    const Eigen::Map<const V> ta(a), tb(b);
    const Eigen::Map<const Q> qa(a + 3), qb(b + 3);
    const Eigen::Quaternion<T> z_inverse = zq.conjugate().cast<T>();
    const V t = z_inverse * (qa.conjugate() * (tb - ta) - zt.cast<T>());
    Q q = z_inverse * (qa.conjugate() * qb);
    if (q.w() < T(0.0)) q.coeffs() = -q.coeffs();

    const T s2 = q.vec().squaredNorm();
    V phi;
    T c;  // (1 - half cot(half)) / angle^2
    if (s2 > T(1e-12)) {
      const T s = sqrt(s2);
      const T half = atan2(s, q.w());
      phi = q.vec() * (2.0 * half / s);
      c = half < T(1e-3) ? T(1.0 / 12.0) : (1.0 - half * q.w() / s) / (4.0 * half * half);
    } else {
      phi = q.vec() * (T(2.0) / q.w());
      c = T(1.0 / 12.0);
    }
    const V cross = phi.cross(t);
    Eigen::Matrix<T, 6, 1> r;
    r << t - 0.5 * cross + c * phi.cross(cross), phi;
    Eigen::Map<Eigen::Matrix<T, 6, 1>> whitened(out);
    whitened = root.cast<T>() * r;
    return true;
  }
};

/// BAL's camera: angle-axis, translation, f, k1, k2; looks down -z; pixels.
struct Reprojection {
  double u, v;

  template <typename T>
  bool operator()(const T* camera, const T* point, T* r) const {
    T p[3];
    ceres::AngleAxisRotatePoint(camera, point, p);
    p[0] += camera[3];
    p[1] += camera[4];
    p[2] += camera[5];
    const T x = -p[0] / p[2], y = -p[1] / p[2];
    const T n2 = x * x + y * y;
    const T scale = camera[6] * (1.0 + n2 * (camera[7] + camera[8] * n2));
    r[0] = scale * x - u;
    r[1] = scale * y - v;
    return true;
  }
};

/// The same with derivatives by hand: autodiff takes more than half of Ceres' time on bundles.
class AnalyticReprojection : public ceres::SizedCostFunction<2, 9, 3> {
 public:
  AnalyticReprojection(double u, double v) : u_(u), v_(v) {}

  bool Evaluate(double const* const* parameters, double* residuals,
                double** jacobians) const override {
    using Matrix3 = Eigen::Matrix3d;
    const double* c = parameters[0];
    const Eigen::Map<const Eigen::Vector3d> w(c), t(c + 3), point(parameters[1]);
    const double n2 = w.squaredNorm(), angle = std::sqrt(n2);
    Matrix3 skew;
    skew << 0, -w.z(), w.y(), w.z(), 0, -w.x(), -w.y(), w.x(), 0;
    const Matrix3 square = skew * skew;
    // sin(a)/a, (1 - cos(a))/a^2, (a - sin(a))/a^3
    double a = 1.0, b = 0.5, d = 1.0 / 6.0;
    if (angle > 1e-5) {
      const double s = std::sin(angle), h = std::sin(0.5 * angle);
      a = s / angle;
      b = 2.0 * h * h / n2;
      d = (angle - s) / (n2 * angle);
    }
    const Matrix3 rotation = Matrix3::Identity() + a * skew + b * square;
    const Eigen::Vector3d q = rotation * point, p = q + t;
    const double inverse = -1.0 / p.z(), x = p.x() * inverse, y = p.y() * inverse;
    const double f = c[6], r2 = x * x + y * y;
    const double distortion = 1.0 + r2 * (c[7] + c[8] * r2), scale = f * distortion;
    residuals[0] = scale * x - u_;
    residuals[1] = scale * y - v_;
    if (!jacobians) return true;

    const double slope = 2.0 * f * (c[7] + 2.0 * c[8] * r2);
    Eigen::Matrix2d by_image;
    by_image << scale + slope * x * x, slope * x * y, slope * x * y, scale + slope * y * y;
    Eigen::Matrix<double, 2, 3> image_by_p;
    image_by_p << inverse, 0, x * inverse, 0, inverse, y * inverse;
    const Eigen::Matrix<double, 2, 3> by_p = by_image * image_by_p;
    if (jacobians[0]) {
      Eigen::Map<Eigen::Matrix<double, 2, 9, Eigen::RowMajor>> j(jacobians[0]);
      Matrix3 minus_skew_q;
      minus_skew_q << 0, q.z(), -q.y(), -q.z(), 0, q.x(), q.y(), -q.x(), 0;
      // d(R p)/dw = -[R p]x Jl(w)
      j.leftCols<3>() = by_p * (minus_skew_q * (Matrix3::Identity() + b * skew + d * square));
      j.middleCols<3>(3) = by_p;
      j.col(6) << distortion * x, distortion * y;
      j.col(7) << f * r2 * x, f * r2 * y;
      j.col(8) << f * r2 * r2 * x, f * r2 * r2 * y;
    }
    if (jacobians[1]) {
      Eigen::Map<Eigen::Matrix<double, 2, 3, Eigen::RowMajor>> j(jacobians[1]);
      j = by_p * rotation;
    }
    return true;
  }

 private:
  double u_, v_;
};

ceres::Solver::Options common_options(const Arguments& arguments) {
  ceres::Solver::Options o;
  o.max_num_iterations = arguments.max_iterations;
  o.function_tolerance = arguments.tolerance;
  o.gradient_tolerance = 0.0;   // the cost rule alone ends the solve
  o.parameter_tolerance = 0.0;
  o.num_threads = arguments.threads;
  o.logging_type = ceres::SILENT;
  return o;
}

void solve(const ceres::Solver::Options& options, ceres::Problem* problem) {
  std::string error;
  if (!options.IsValid(&error)) throw std::runtime_error(error);
  ceres::Solver::Summary summary;
  const peers::Stopwatch watch;
  ceres::Solve(options, problem, &summary);
  const double seconds = watch.seconds(), cpu = watch.cpu_seconds();
  peers::print_result(seconds, cpu, int(summary.iterations.size()) - 1);
  if (std::getenv("PEER_VERBOSE")) std::cerr << summary.FullReport() << '\n';
}

ceres::Solver::Options graph_options(const Arguments& arguments) {
  ceres::Solver::Options o = common_options(arguments);
  o.linear_solver_type = ceres::SPARSE_NORMAL_CHOLESKY;
  o.sparse_linear_algebra_library_type = ceres::SUITE_SPARSE;
  if (arguments.solver == "dogleg") {
    o.trust_region_strategy_type = ceres::DOGLEG;
  } else if (arguments.solver == "lm-wide") {
    o.initial_trust_region_radius = 1e12;  // nearly Gauss-Newton
  } else if (arguments.solver != "lm") {
    throw std::runtime_error("unknown solver " + arguments.solver);
  }
  return o;
}

void solve_graph2(const Arguments& arguments) {
  peers::Graph2 graph = peers::read_graph<3, 6>(arguments.input);
  ceres::Problem problem;
  for (const auto& e : graph.edges) {
    problem.AddResidualBlock(new ceres::AutoDiffCostFunction<Between2, 3, 3, 3>(
                                 new Between2{e.measurement, root_information<3>(e.information)}),
                             nullptr, graph.poses[e.from].data(), graph.poses[e.to].data());
  }
  graph.edges = {};
  problem.SetParameterBlockConstant(graph.poses[0].data());
  solve(graph_options(arguments), &problem);
  peers::write_graph<3>(arguments.output, graph.ids, [&](std::size_t i) { return graph.poses[i]; });
}

void solve_graph3(const Arguments& arguments) {
  peers::Graph3 graph = peers::read_graph<7, 21>(arguments.input);
  ceres::Problem problem;
  for (const auto& e : graph.edges) {
    const auto& m = e.measurement;
    auto* cost = new Between3{Eigen::Quaterniond(m[6], m[3], m[4], m[5]).normalized(),
                              Eigen::Vector3d(m[0], m[1], m[2]),
                              root_information<6>(e.information)};
    problem.AddResidualBlock(new ceres::AutoDiffCostFunction<Between3, 6, 7, 7>(cost), nullptr,
                             graph.poses[e.from].data(), graph.poses[e.to].data());
  }
  graph.edges = {};
  auto* manifold =
      new ceres::ProductManifold<ceres::EuclideanManifold<3>, ceres::EigenQuaternionManifold>();
  for (auto& pose : graph.poses) {
    Eigen::Map<Eigen::Quaterniond>(pose.data() + 3).normalize();
    problem.SetManifold(pose.data(), manifold);
  }
  problem.SetParameterBlockConstant(graph.poses[0].data());
  solve(graph_options(arguments), &problem);
  peers::write_graph<7>(arguments.output, graph.ids, [&](std::size_t i) { return graph.poses[i]; });
}

void solve_bundle(const Arguments& arguments) {
  peers::Bundle bundle = peers::read_bundle(arguments.input);
  std::string s = arguments.solver;
  const std::string suffix = "-analytic";
  const bool analytic = s.size() > suffix.size() &&
                        s.compare(s.size() - suffix.size(), suffix.size(), suffix) == 0;
  if (analytic) s.resize(s.size() - suffix.size());
  ceres::Problem problem;
  for (const auto& o : bundle.observations) {
    ceres::CostFunction* cost;
    if (analytic) {
      cost = new AnalyticReprojection(o.u, o.v);
    } else {
      cost = new ceres::AutoDiffCostFunction<Reprojection, 2, 9, 3>(new Reprojection{o.u, o.v});
    }
    problem.AddResidualBlock(cost, nullptr, bundle.cameras[o.camera].data(),
                             bundle.points[o.point].data());
  }
  bundle.observations = {};

  ceres::Solver::Options options = common_options(arguments);
  options.sparse_linear_algebra_library_type = ceres::SUITE_SPARSE;
  if (s == "dense-schur" || s == "dense-schur-lapack") {
    options.linear_solver_type = ceres::DENSE_SCHUR;
    if (s == "dense-schur-lapack") options.dense_linear_algebra_library_type = ceres::LAPACK;
  } else if (s == "sparse-schur") {
    options.linear_solver_type = ceres::SPARSE_SCHUR;
  } else if (s == "iterative-schur" || s == "iterative-schur-explicit") {
    options.linear_solver_type = ceres::ITERATIVE_SCHUR;
    options.preconditioner_type = ceres::SCHUR_JACOBI;
    options.use_explicit_schur_complement = s == "iterative-schur-explicit";
    options.eta = 0.01;
  } else if (s == "cgnr") {
    options.linear_solver_type = ceres::CGNR;
    options.preconditioner_type = ceres::JACOBI;
    options.eta = 0.01;
  } else {
    throw std::runtime_error("unknown solver " + s);
  }
  if (s != "cgnr") {
    auto* ordering = new ceres::ParameterBlockOrdering;
    for (auto& point : bundle.points)
      if (problem.HasParameterBlock(point.data())) ordering->AddElementToGroup(point.data(), 0);
    for (auto& camera : bundle.cameras)
      if (problem.HasParameterBlock(camera.data())) ordering->AddElementToGroup(camera.data(), 1);
    options.linear_solver_ordering.reset(ordering);
  }
  solve(options, &problem);
  peers::write_bundle(
      arguments.output, bundle.cameras.size(), bundle.points.size(),
      [&](std::size_t i) { return bundle.cameras[i]; },
      [&](std::size_t i) { return bundle.points[i]; });
}

}  // namespace

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  try {
    const Arguments arguments = peers::parse_arguments(argc, argv);
    if (arguments.version) {
      std::printf("Ceres %s, distribution package (generic x86-64), our C++ driver\n",
                  CERES_VERSION_STRING);
    } else if (peers::is_bundle(arguments.input)) {
      solve_bundle(arguments);
    } else if (peers::is_3d(arguments.input)) {
      solve_graph3(arguments);
    } else {
      solve_graph2(arguments);
    }
  } catch (const std::exception& e) {
    std::cerr << "peer_ceres: " << e.what() << '\n';
    return 1;
  }
}
