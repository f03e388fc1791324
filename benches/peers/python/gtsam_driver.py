"""GTSAM: pose graphs by Gauss-Newton and Levenberg-Marquardt, bundles by LM with its Ceres defaults."""

import argparse
import json
import resource
import time

import numpy as np


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input")
    parser.add_argument("--output")
    parser.add_argument("--solver", default="gn")
    parser.add_argument("--threads", type=int, default=1)  # the wheel is built without TBB
    parser.add_argument("--max-iterations", type=int, default=100)
    parser.add_argument("--tolerance", type=float, default=1e-6)
    parser.add_argument("--version", action="store_true")
    return parser.parse_args()


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def solve(gtsam, args, graph, initial):
    """Times construction (which orders the variables) and optimisation."""
    if args.solver == "gn":
        params, optimizer = gtsam.GaussNewtonParams(), gtsam.GaussNewtonOptimizer
    elif args.solver in ("lm", "lm-ceres"):
        params, optimizer = gtsam.LevenbergMarquardtParams(), gtsam.LevenbergMarquardtOptimizer
        if args.solver == "lm-ceres":
            params = gtsam.LevenbergMarquardtParams.CeresDefaults()
    else:
        raise SystemExit(f"unknown solver {args.solver}")
    params.setMaxIterations(args.max_iterations)
    params.setRelativeErrorTol(args.tolerance)
    params.setAbsoluteErrorTol(0.0)
    wall, processor = time.perf_counter(), cpu()
    run = optimizer(graph, initial, params)
    result = run.optimize()
    wall, processor = time.perf_counter() - wall, cpu() - processor
    print(json.dumps({"seconds": wall, "cpu_seconds": processor, "iterations": run.iterations()}))
    return result


def solve_graph(gtsam, args, is_3d):
    graph, initial = gtsam.readG2o(args.input, is_3d)
    first = min(initial.keys())
    if is_3d:
        noise = gtsam.noiseModel.Isotropic.Sigma(6, 1e-3)
        graph.add(gtsam.PriorFactorPose3(first, initial.atPose3(first), noise))
    else:
        noise = gtsam.noiseModel.Isotropic.Sigma(3, 1e-3)
        graph.add(gtsam.PriorFactorPose2(first, initial.atPose2(first), noise))
    result = solve(gtsam, args, graph, initial)
    with open(args.output, "w") as out:
        for key in sorted(result.keys()):
            if is_3d:
                pose = result.atPose3(key)
                q = pose.rotation().toQuaternion()
                numbers = [*pose.translation(), q.x(), q.y(), q.z(), q.w()]
                tag = "VERTEX_SE3:QUAT"
            else:
                pose = result.atPose2(key)
                numbers, tag = [pose.x(), pose.y(), pose.theta()], "VERTEX_SE2"
            out.write(f"{tag} {key} " + " ".join(f"{v:.17g}" for v in numbers) + "\n")


def solve_bundle(gtsam, args):
    data = gtsam.SfmData.FromBalFile(args.input)
    cameras, points = data.numberCameras(), data.numberTracks()
    noise = gtsam.noiseModel.Unit.Create(2)
    graph, initial = gtsam.NonlinearFactorGraph(), gtsam.Values()
    point_key = lambda j: gtsam.symbol("p", j)
    for j in range(points):
        track = data.track(j)
        for k in range(track.numberMeasurements()):
            i, uv = track.measurement(k)
            graph.add(gtsam.GeneralSFMFactorCal3Bundler(uv, noise, i, point_key(j)))
        initial.insert(point_key(j), track.point3())
    for i in range(cameras):
        initial.insert(i, data.camera(i))
    del data
    result = solve(gtsam, args, graph, initial)
    flip = np.diag([1.0, -1.0, -1.0])  # GTSAM's camera looks along +z with y down, BAL's along -z
    with open(args.output, "w") as out:
        out.write(f"{cameras} {points} 0\n")
        for i in range(cameras):
            camera = result.atPinholeCameraCal3Bundler(i)
            world_from_camera = camera.pose()
            rotation = flip @ world_from_camera.rotation().matrix().T
            translation = -rotation @ world_from_camera.translation()
            calibration = camera.calibration()
            numbers = [*gtsam.Rot3.Logmap(gtsam.Rot3(rotation)), *translation,
                       calibration.fx(), calibration.k1(), calibration.k2()]
            out.write("\n".join(f"{v:.17g}" for v in numbers) + "\n")
        for j in range(points):
            out.write("\n".join(f"{v:.17g}" for v in result.atPoint3(point_key(j))) + "\n")


def main():
    args = arguments()
    if args.version:
        from importlib.metadata import version
        print(f"GTSAM {version('gtsam')}, PyPI wheel (no TBB), Python driver")
        return
    import gtsam
    with open(args.input) as file:
        head = file.readline().split()
    if head[0].isdigit():
        solve_bundle(gtsam, args)
    else:
        solve_graph(gtsam, args, "SE3" in head[0])


if __name__ == "__main__":
    main()
