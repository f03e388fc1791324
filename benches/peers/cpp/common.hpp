// What the C++ drivers share: arguments, files, clocks, the result line.
#pragma once

#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace peers {

struct Arguments {
  std::string input, output, solver;
  int threads = 1;
  int max_iterations = 100;
  double tolerance = 1e-6;  // relative cost decrease that ends the solve
  bool version = false;
};

inline Arguments parse_arguments(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string key = argv[i];
    if (key == "--version") {
      a.version = true;
      continue;
    }
    if (i + 1 >= argc) throw std::runtime_error("no value for " + key);
    const std::string value = argv[++i];
    if (key == "--input") a.input = value;
    else if (key == "--output") a.output = value;
    else if (key == "--solver") a.solver = value;
    else if (key == "--threads") a.threads = std::stoi(value);
    else if (key == "--max-iterations") a.max_iterations = std::stoi(value);
    else if (key == "--tolerance") a.tolerance = std::stod(value);
    else throw std::runtime_error("unknown argument " + key);
  }
  return a;
}

/// Wall time and processor time (all threads, user and system) since construction.
class Stopwatch {
 public:
  Stopwatch() : wall_(std::chrono::steady_clock::now()), cpu_(cpu_now()) {}
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - wall_).count();
  }
  double cpu_seconds() const { return cpu_now() - cpu_; }

 private:
  static double cpu_now() {
    rusage u{};
    getrusage(RUSAGE_SELF, &u);
    return double(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           1e-6 * double(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
  }
  std::chrono::steady_clock::time_point wall_;
  double cpu_;
};

/// The one line that the runner reads from a driver's standard output.
inline void print_result(double seconds, double cpu_seconds, int iterations) {
  std::printf("{\"seconds\":%.9f,\"cpu_seconds\":%.6f,\"iterations\":%d}\n", seconds, cpu_seconds,
              iterations);
}

template <int Pose, int Information>
struct Graph {
  struct Edge {
    int from, to;                              // positions in `poses`
    std::array<double, Pose> measurement;      // x y theta | x y z qx qy qz qw
    std::array<double, Information> information;  // upper triangle, row by row
  };
  std::vector<long> ids;
  std::vector<std::array<double, Pose>> poses;
  std::vector<Edge> edges;
};
using Graph2 = Graph<3, 6>;
using Graph3 = Graph<7, 21>;

inline bool is_bundle(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::string word;
  file >> word;
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

inline bool is_3d(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word.find("SE3") != std::string::npos;
}

template <int Pose, int Information>
Graph<Pose, Information> read_graph(const std::string& path) {
  const std::string vertex = Pose == 3 ? "VERTEX_SE2" : "VERTEX_SE3:QUAT";
  const std::string edge = Pose == 3 ? "EDGE_SE2" : "EDGE_SE3:QUAT";
  Graph<Pose, Information> graph;
  std::map<long, int> position;
  std::ifstream file(path);
  std::string line, tag;
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    if (!(fields >> tag)) continue;
    if (tag == vertex) {
      long id;
      std::array<double, Pose> pose;
      fields >> id;
      for (double& v : pose) fields >> v;
      position[id] = int(graph.ids.size());
      graph.ids.push_back(id);
      graph.poses.push_back(pose);
    } else if (tag == edge) {
      long from, to;
      typename Graph<Pose, Information>::Edge e;
      fields >> from >> to;
      for (double& v : e.measurement) fields >> v;
      for (double& v : e.information) fields >> v;
      e.from = position.at(from);
      e.to = position.at(to);
      graph.edges.push_back(e);
    } else {
      throw std::runtime_error("unexpected line: " + line);
    }
    if (!fields) throw std::runtime_error("short line: " + line);
  }
  return graph;
}

/// Writes poses as g2o vertex lines; `pose(i)` gives the numbers of vertex `ids[i]`.
template <int Pose, typename F>
void write_graph(const std::string& path, const std::vector<long>& ids, F pose) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (!file) throw std::runtime_error("cannot write " + path);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::fprintf(file, "%s %ld", Pose == 3 ? "VERTEX_SE2" : "VERTEX_SE3:QUAT", ids[i]);
    for (double v : pose(i)) std::fprintf(file, " %.17g", v);
    std::fputc('\n', file);
  }
  std::fclose(file);
}

struct Observation {
  int camera, point;
  double u, v;
};

struct Bundle {
  std::vector<Observation> observations;
  std::vector<std::array<double, 9>> cameras;  // angle-axis, translation, f, k1, k2
  std::vector<std::array<double, 3>> points;
};

inline Bundle read_bundle(const std::string& path) {
  Bundle b;
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (!file) throw std::runtime_error("cannot open " + path);
  std::size_t cameras, points, observations;
  bool ok = std::fscanf(file, "%zu %zu %zu", &cameras, &points, &observations) == 3;
  b.observations.resize(observations);
  b.cameras.resize(cameras);
  b.points.resize(points);
  for (Observation& o : b.observations)
    ok = ok && std::fscanf(file, "%d %d %lf %lf", &o.camera, &o.point, &o.u, &o.v) == 4;
  for (auto& c : b.cameras)
    for (double& v : c) ok = ok && std::fscanf(file, "%lf", &v) == 1;
  for (auto& p : b.points)
    for (double& v : p) ok = ok && std::fscanf(file, "%lf", &v) == 1;
  std::fclose(file);
  if (!ok) throw std::runtime_error("short file: " + path);
  return b;
}

/// Writes cameras and points in BAL's order, without the observations ("C P 0" as header).
template <typename Camera, typename Point>
void write_bundle(const std::string& path, std::size_t cameras, std::size_t points, Camera camera,
                  Point point) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (!file) throw std::runtime_error("cannot write " + path);
  std::fprintf(file, "%zu %zu 0\n", cameras, points);
  for (std::size_t i = 0; i < cameras; ++i)
    for (double v : camera(i)) std::fprintf(file, "%.17g\n", v);
  for (std::size_t i = 0; i < points; ++i)
    for (double v : point(i)) std::fprintf(file, "%.17g\n", v);
  std::fclose(file);
}

}  // namespace peers
