// Poses as detectors give them: several of most people, some of them alike to the last bit.
#pragma once

#include <algorithm>
#include <vector>

#include "core/poses.h"
#include "cpu/groups.h"
#include "oracles/greedy.h"
#include "values.h"

// Every array ends where its memory ends. The float64 values are those of T.
template <typename T>
struct Crowd {
  oracle::Poses poses;
  std::vector<double> boxes;   // [N, 4]
  std::vector<double> areas;   // [N]
  std::vector<double> sigmas;  // [K]
  std::vector<T> keypoints, scores, pose_scores, box_values, area_values, sigma_values;

  Crowd(Random& random, int64_t N, int64_t K, int64_t images, bool with_pose_scores) {
    poses.N = N;
    poses.K = K;
    for (int64_t i = 0; i < N; ++i) {
      if (i > 0 && random.one_in(8)) {
        repeat(random.whole(0, i - 1));
        continue;
      }
      if (i > 0 && !random.one_in(3)) {
        move(random, random.whole(0, i - 1));
      } else {
        const double x = random.uniform(0, 300), y = random.uniform(0, 300);
        for (int64_t n = 0; n < K; ++n) {
          poses.keypoints.push_back(x + random.uniform(-25, 25));
          poses.keypoints.push_back(y + random.uniform(-50, 50));
        }
      }
      for (int64_t n = 0; n < K; ++n) poses.scores.push_back(random.uniform(0.01, 1.0));
      add_box(random, i);
    }
    for (int64_t i = 0; i < N; ++i) {
      poses.image_index.push_back(random.whole(0, images - 1));
      if (with_pose_scores) poses.pose_scores.push_back(double(random.whole(0, 2 * N)) / 64);
      const double* box = boxes.data() + 4 * i;
      areas.push_back((box[2] - box[0]) * (box[3] - box[1]));
    }
    sigmas = random.values(K, 0.02, 0.11);
    store();
  }

  // After a change of the float64 values.
  void store() {
    keypoints = stored<T>(poses.keypoints);
    scores = stored<T>(poses.scores);
    pose_scores = stored<T>(poses.pose_scores);
    box_values = stored<T>(boxes);
    area_values = stored<T>(areas);
    sigma_values = stored<T>(sigmas);
    poses.keypoints = widened(keypoints);
    poses.scores = widened(scores);
    poses.pose_scores = widened(pose_scores);
    boxes = widened(box_values);
    areas = widened(area_values);
    sigmas = widened(sigma_values);
  }

  // A NaN or an infinity somewhere in every third pose.
  void spoil(Random& random) {
    const double bad[] = {nan<double>(), infinity<double>(), -infinity<double>()};
    for (int64_t i = 0; i < poses.N; i += 3) {
      const double value = bad[random.whole(0, 2)];
      const int64_t n = random.whole(0, poses.K - 1);
      switch (random.whole(0, 4)) {
        case 0:
          poses.keypoints[2 * (i * poses.K + n) + random.whole(0, 1)] = value;
          break;
        case 1:
          poses.scores[i * poses.K + n] = value;
          break;
        case 2:
          boxes[4 * i + random.whole(0, 3)] = value;
          break;
        case 3:
          areas[i] = value;
          break;
        case 4:
          if (!poses.pose_scores.empty()) poses.pose_scores[i] = value;
          break;
      }
    }
    store();
  }

  rmpe::PoseList<T> list() const {
    return {keypoints.data(), scores.data(), pose_scores.empty() ? nullptr : pose_scores.data(),
            poses.K};
  }

  rmpe::cpu::Groups images() const {
    return rmpe::cpu::group_by(poses.image_index.data(), poses.N);
  }

 private:
  void repeat(int64_t other) {
    const int64_t K = poses.K;
    const auto copy = [](std::vector<double>& values, int64_t from, int64_t count) {
      for (int64_t k = 0; k < count; ++k) values.push_back(values[from + k]);
    };
    copy(poses.keypoints, other * 2 * K, 2 * K);
    copy(poses.scores, other * K, K);
    copy(boxes, other * 4, 4);
  }

  void move(Random& random, int64_t other) {
    const double reach = random.uniform(0.0, 8.0);
    for (int64_t k = 0; k < 2 * poses.K; ++k) {
      poses.keypoints.push_back(poses.keypoints[other * 2 * poses.K + k] +
                                random.uniform(-reach, reach));
    }
  }

  void add_box(Random& random, int64_t i) {
    double low[2] = {1e9, 1e9}, high[2] = {-1e9, -1e9};
    for (int64_t k = 0; k < 2 * poses.K; ++k) {
      const double value = poses.keypoints[i * 2 * poses.K + k];
      low[k % 2] = std::min(low[k % 2], value);
      high[k % 2] = std::max(high[k % 2], value);
    }
    const double room = random.uniform(0.0, 20.0);
    boxes.insert(boxes.end(), {low[0] - room, low[1] - room, high[0] + room, high[1] + room});
  }
};

// What a suppression of N poses gives, a margin aside.
struct Kept {
  std::vector<bool> keep;
  std::vector<int64_t> suppressor;
};

// Runs op(begin, end, keep, suppressor) over the images, in ranges of so many.
template <typename Op>
Kept suppress(int64_t N, int64_t images, int64_t size, Op&& op) {
  const std::unique_ptr<bool[]> keep(new bool[N]);
  Kept kept;
  kept.suppressor.resize(N);
  in_ranges(images, size, [&](int64_t begin, int64_t end) {
    op(begin, end, keep.get(), kept.suppressor.data());
  });
  kept.keep.assign(keep.get(), keep.get() + N);
  return kept;
}

// As many decisions as rounding of T cannot change are compared with the oracle's.
template <typename T>
constexpr double kMargin = std::is_same_v<T, double> ? 1e-9 : 2e-4;
