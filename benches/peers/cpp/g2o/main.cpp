// g2o: pose graphs with its own SE2 and SE3 types, bundles with a BAL camera of 9 parameters.
#include <cmath>
#include <iostream>
#include <memory>

#include "common.hpp"
#include "g2o/autodiff/autodiff.h"
#include "g2o/core/auto_differentiation.h"
#include "g2o/core/base_binary_edge.h"
#include "g2o/core/base_vertex.h"
#include "g2o/core/block_solver.h"
#include "g2o/core/optimization_algorithm_gauss_newton.h"
#include "g2o/core/optimization_algorithm_levenberg.h"
#include "g2o/core/sparse_optimizer.h"
#include "g2o/core/sparse_optimizer_terminate_action.h"
#include "g2o/solvers/cholmod/linear_solver_cholmod.h"
#include "g2o/solvers/pcg/linear_solver_pcg.h"
#include "g2o/types/slam2d/edge_se2.h"
#include "g2o/types/slam2d/vertex_se2.h"
#include "g2o/types/slam3d/edge_se3.h"
#include "g2o/types/slam3d/vertex_se3.h"

namespace {

using peers::Arguments;

template <int P, int L>
void set_algorithm(g2o::SparseOptimizer* optimizer, const std::string& name) {
  using Block = g2o::BlockSolver<g2o::BlockSolverTraits<P, L>>;
  using Matrix = typename Block::PoseMatrixType;
  std::unique_ptr<g2o::LinearSolver<Matrix>> linear;
  if (name == "lm-pcg") {
    linear = std::make_unique<g2o::LinearSolverPCG<Matrix>>();
  } else {
    auto cholmod = std::make_unique<g2o::LinearSolverCholmod<Matrix>>();
    cholmod->setBlockOrdering(true);
    linear = std::move(cholmod);
  }
  auto block = std::make_unique<Block>(std::move(linear));
  if (name == "gn") {
    optimizer->setAlgorithm(std::unique_ptr<g2o::OptimizationAlgorithm>(
        std::make_unique<g2o::OptimizationAlgorithmGaussNewton>(std::move(block))));
  } else if (name == "lm" || name == "lm-pcg") {
    optimizer->setAlgorithm(std::unique_ptr<g2o::OptimizationAlgorithm>(
        std::make_unique<g2o::OptimizationAlgorithmLevenberg>(std::move(block))));
  } else {
    throw std::runtime_error("unknown solver " + name);
  }
}

/// Times the optimise call alone: initializeOptimization, which sorts the graph's own lists, is left out.
void solve(const Arguments& arguments, g2o::SparseOptimizer* optimizer) {
  auto stop = std::make_shared<g2o::SparseOptimizerTerminateAction>();
  stop->setGainThreshold(arguments.tolerance);
  stop->setMaxIterations(arguments.max_iterations);
  optimizer->addPostIterationAction(stop);
  optimizer->setVerbose(std::getenv("PEER_VERBOSE") != nullptr);
  if (!optimizer->initializeOptimization()) throw std::runtime_error("initialisation failed");
  const peers::Stopwatch watch;
  const int iterations = optimizer->optimize(arguments.max_iterations);
  const double seconds = watch.seconds(), cpu = watch.cpu_seconds();
  if (iterations <= 0) throw std::runtime_error("the solve failed");
  peers::print_result(seconds, cpu, iterations);
}

void solve_graph2(const Arguments& arguments) {
  peers::Graph2 graph = peers::read_graph<3, 6>(arguments.input);
  g2o::SparseOptimizer optimizer;
  set_algorithm<3, 2>(&optimizer, arguments.solver);
  std::vector<std::shared_ptr<g2o::VertexSE2>> vertices;
  for (std::size_t i = 0; i < graph.poses.size(); ++i) {
    const auto& p = graph.poses[i];
    auto v = std::make_shared<g2o::VertexSE2>();
    v->setId(int(i));
    v->setEstimate(g2o::SE2(p[0], p[1], p[2]));
    v->setFixed(i == 0);
    optimizer.addVertex(v);
    vertices.push_back(v);
  }
  for (const auto& e : graph.edges) {
    auto edge = std::make_shared<g2o::EdgeSE2>();
    edge->setVertex(0, vertices[e.from]);
    edge->setVertex(1, vertices[e.to]);
    edge->setMeasurement(g2o::SE2(e.measurement[0], e.measurement[1], e.measurement[2]));
    g2o::Matrix3 omega;
    std::size_t k = 0;
    for (int i = 0; i < 3; ++i)
      for (int j = i; j < 3; ++j) omega(i, j) = omega(j, i) = e.information[k++];
    edge->setInformation(omega);
    optimizer.addEdge(edge);
  }
  graph.edges = {};
  graph.poses = {};
  solve(arguments, &optimizer);
  peers::write_graph<3>(arguments.output, graph.ids, [&](std::size_t i) {
    const g2o::SE2& x = vertices[i]->estimate();
    return std::array<double, 3>{x.translation().x(), x.translation().y(), x.rotation().angle()};
  });
}

void solve_graph3(const Arguments& arguments) {
  peers::Graph3 graph = peers::read_graph<7, 21>(arguments.input);
  g2o::SparseOptimizer optimizer;
  set_algorithm<6, 3>(&optimizer, arguments.solver);
  const auto isometry = [](const std::array<double, 7>& p) {
    g2o::Isometry3 x = g2o::Isometry3::Identity();
    x.linear() = g2o::Quaternion(p[6], p[3], p[4], p[5]).normalized().toRotationMatrix();
    x.translation() = g2o::Vector3(p[0], p[1], p[2]);
    return x;
  };
  std::vector<std::shared_ptr<g2o::VertexSE3>> vertices;
  for (std::size_t i = 0; i < graph.poses.size(); ++i) {
    auto v = std::make_shared<g2o::VertexSE3>();
    v->setId(int(i));
    v->setEstimate(isometry(graph.poses[i]));
    v->setFixed(i == 0);
    optimizer.addVertex(v);
    vertices.push_back(v);
  }
  for (const auto& e : graph.edges) {
    auto edge = std::make_shared<g2o::EdgeSE3>();
    edge->setVertex(0, vertices[e.from]);
    edge->setVertex(1, vertices[e.to]);
    edge->setMeasurement(isometry(e.measurement));
    // g2o's rotation error is the vector part of the quaternion, about half of Log's: weighting it
    // by 2 on each side gives every peer the same objective, up to higher orders of the residual.
    g2o::MatrixN<6> omega;
    std::size_t k = 0;
    for (int i = 0; i < 6; ++i)
      for (int j = i; j < 6; ++j)
        omega(i, j) = omega(j, i) = e.information[k++] * (i < 3 ? 1 : 2) * (j < 3 ? 1 : 2);
    edge->setInformation(omega);
    optimizer.addEdge(edge);
  }
  graph.edges = {};
  graph.poses = {};
  solve(arguments, &optimizer);
  peers::write_graph<7>(arguments.output, graph.ids, [&](std::size_t i) {
    const g2o::Isometry3& x = vertices[i]->estimate();
    const Eigen::Quaterniond q(x.linear());
    const auto t = x.translation();
    return std::array<double, 7>{t.x(), t.y(), t.z(), q.x(), q.y(), q.z(), q.w()};
  });
}

using Vector9 = g2o::VectorN<9>;

class VertexCamera : public g2o::BaseVertex<VertexCamera, 9, Vector9> {
 public:
  void oplusImpl(const g2o::VectorX::MapType& update) { estimate_ += update; }
};

class VertexPoint : public g2o::BaseVertex<VertexPoint, 3, g2o::Vector3> {
 public:
  void oplusImpl(const g2o::VectorX::MapType& update) { estimate_ += update; }
};

/// BAL's camera: angle-axis, translation, f, k1, k2; looks down -z; pixels.
class EdgeReprojection
    : public g2o::BaseBinaryEdge<2, g2o::Vector2, VertexCamera, VertexPoint> {
 public:
  template <typename T>
  bool operator()(const T* camera_data, const T* point_data, T* error_data) const {
    typename g2o::VectorN<9, T>::ConstMapType camera(camera_data);
    typename g2o::VectorN<3, T>::ConstMapType point(point_data);
    g2o::VectorN<3, T> p;
    const T angle = camera.template head<3>().norm();
    if (angle > T{0}) {
      const g2o::VectorN<3, T> axis = camera.template head<3>() / angle;
      const T c = cos(angle), s = sin(angle);
      p = point * c + axis.cross(point) * s + axis * (axis.dot(point) * (T{1} - c));
    } else {
      const g2o::VectorN<3, T> small = camera.template head<3>();
      p = point + small.cross(point);
    }
    p += camera.template segment<3>(3);
    const g2o::VectorN<2, T> x = -p.template head<2>() / p(2);
    const T n2 = x.squaredNorm();
    const T scale = camera(6) * (T{1} + n2 * (camera(7) + camera(8) * n2));
    typename g2o::VectorN<2, T>::MapType error(error_data);
    error = scale * x - measurement().cast<T>();
    return true;
  }
  G2O_MAKE_AUTO_AD_FUNCTIONS
};

void solve_bundle(const Arguments& arguments) {
  peers::Bundle bundle = peers::read_bundle(arguments.input);
  g2o::SparseOptimizer optimizer;
  set_algorithm<9, 3>(&optimizer, arguments.solver);
  std::vector<std::shared_ptr<VertexCamera>> cameras;
  std::vector<std::shared_ptr<VertexPoint>> points;
  int id = 0;
  for (const auto& c : bundle.cameras) {
    auto v = std::make_shared<VertexCamera>();
    v->setId(id++);
    v->setEstimate(Eigen::Map<const Vector9>(c.data()));
    optimizer.addVertex(v);
    cameras.push_back(v);
  }
  for (const auto& p : bundle.points) {
    auto v = std::make_shared<VertexPoint>();
    v->setId(id++);
    v->setEstimate(Eigen::Map<const g2o::Vector3>(p.data()));
    v->setMarginalized(true);
    optimizer.addVertex(v);
    points.push_back(v);
  }
  for (const auto& o : bundle.observations) {
    auto edge = std::make_shared<EdgeReprojection>();
    edge->setVertex(0, cameras[o.camera]);
    edge->setVertex(1, points[o.point]);
    edge->setInformation(g2o::Matrix2::Identity());
    edge->setMeasurement(g2o::Vector2(o.u, o.v));
    optimizer.addEdge(edge);
  }
  bundle = {};
  solve(arguments, &optimizer);
  peers::write_bundle(
      arguments.output, cameras.size(), points.size(),
      [&](std::size_t i) {
        std::array<double, 9> c;
        Eigen::Map<Vector9>(c.data()) = cameras[i]->estimate();
        return c;
      },
      [&](std::size_t i) {
        std::array<double, 3> p;
        Eigen::Map<g2o::Vector3>(p.data()) = points[i]->estimate();
        return p;
      });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Arguments arguments = peers::parse_arguments(argc, argv);
    if (arguments.version) {
      std::printf("g2o %s, source build, -O3 -march=native, CHOLMOD\n", PEER_G2O_VERSION);
    } else if (peers::is_bundle(arguments.input)) {
      solve_bundle(arguments);
    } else if (peers::is_3d(arguments.input)) {
      solve_graph3(arguments);
    } else {
      solve_graph2(arguments);
    }
  } catch (const std::exception& e) {
    std::cerr << "peer_g2o: " << e.what() << '\n';
    return 1;
  }
}
