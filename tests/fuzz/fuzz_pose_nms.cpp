// Whatever the poses are, a suppression removes a pose for the sake of a better one that is kept,
// of the same image, and merging stays within reach.
#include <memory>

#include "cpu/box_nms.h"
#include "cpu/merge_poses.h"
#include "cpu/nearby_joints_nms.h"
#include "cpu/oks_nms.h"
#include "cpu/pose_nms.h"
#include "cpu/pose_similarity.h"
#include "cpu/soft_oks_nms.h"
#include "input.h"

namespace {

using fuzz::Input;
using fuzz::require;
using rmpe::all_finite;
using rmpe::cpu::Groups;

// Coordinates are multiples of `reach`: with few levels, many poses coincide.
template <typename T>
struct Crowd {
  int64_t N, K;
  bool tame, has_pose_scores;
  std::vector<T> keypoints, scores, pose_scores, boxes, areas, sigmas;
  std::vector<int64_t> image_index;
  Groups images;

  explicit Crowd(Input& input) : N(input.whole(0, 24)), K(input.whole(1, 5)), tame(true) {
    const T reach = T(input.magnitude(0.1, 1000.0));
    const auto values = [&](int64_t count, T unit) {
      auto drawn = input.values<T>(count);
      tame = tame && drawn.tame;
      for (T& value : drawn.data) value *= unit;
      return drawn.data;
    };
    keypoints = values(2 * N * K, reach);
    scores = values(N * K, T(1));
    pose_scores = values(N, T(1));
    boxes = values(4 * N, reach);
    areas = values(N, reach * reach);
    has_pose_scores = input.flag();
    for (int64_t n = 0; n < K; ++n) sigmas.push_back(T(input.magnitude(1e-30, 1e30)));
    const int64_t image_count = input.whole(1, 4);
    for (int64_t i = 0; i < N; ++i) image_index.push_back(input.whole(0, image_count - 1));
    images = rmpe::cpu::group_by(image_count > 1 ? image_index.data() : nullptr, N);
  }

  rmpe::PoseList<T> list() const {
    return {keypoints.data(), scores.data(), has_pose_scores ? pose_scores.data() : nullptr, K};
  }
};

// Runs op(images, begin, end, keep, suppressor), and requires what holds of every suppression.
// rank(i, score): what orders item i; false where it takes no part. Returns the suppressors.
template <typename T, typename Rank, typename Op>
std::vector<int64_t> suppress(const Crowd<T>& crowd, int64_t split, Rank&& rank, Op&& op) {
  const int64_t N = crowd.N;
  std::vector<int64_t> suppressor(N), again(N);
  const std::unique_ptr<bool[]> keep(new bool[N]), keep_again(new bool[N]);
  op(crowd.images, 0, crowd.images.count(), keep.get(), suppressor.data());
  fuzz::in_two(crowd.images.count(), split, [&](int64_t begin, int64_t end) {
    op(crowd.images, begin, end, keep_again.get(), again.data());
  });
  require(suppressor == again && std::equal(keep.get(), keep.get() + N, keep_again.get()),
          "two ranges of images give what one gives");

  Groups survivors{{}, {0}}, pairs{{}, {0}};
  for (int64_t image = 0; image < crowd.images.count(); ++image) {
    for (int64_t k = 0; k < crowd.images.size(image); ++k) {
      const int64_t i = crowd.images.items(image)[k], by = suppressor[i];
      require(by >= 0 && by < N && suppressor[by] == by, "what removes is kept");
      require(keep[i] == (by == i), "what is kept is its own suppressor");
      require(crowd.image_index[by] == crowd.image_index[i], "images are apart");
      if (keep[i]) {
        survivors.order.push_back(i);
        continue;
      }
      double score = 0.0, better = 0.0;
      require(rank(i, score) && rank(by, better), "what is not finite takes no part");
      require(better > score || (better == score && by < i),
              "the better one, or the first, is kept");
      pairs.order.insert(pairs.order.end(), {std::min(i, by), std::max(i, by)});
      pairs.starts.push_back(int64_t(pairs.order.size()));
    }
    survivors.starts.push_back(int64_t(survivors.order.size()));
  }
  op(pairs, 0, pairs.count(), keep_again.get(), again.data());
  for (int64_t i = 0; i < N; ++i) {
    require(keep[i] || again[i] == suppressor[i], "what removes does so alone too");
  }
  op(survivors, 0, survivors.count(), keep_again.get(), again.data());
  for (const int64_t i : survivors.order) require(keep_again[i], "survivors spare each other");
  return suppressor;
}

rmpe::PoseNMSParameters parameters(Input& input) {
  // What the Python package accepts.
  rmpe::PoseNMSParameters p;
  p.sigma1 = input.magnitude(1e-30, 1e30);
  p.sigma2 = input.magnitude(1e-30, 1e30);
  p.lam = input.uniform(-10.0, 10.0);
  p.eta = input.uniform(-1.0, 10.0);
  p.squared = input.flag();
  p.box_unit = input.flag();
  p.match_box = input.flag() ? -1.0 : std::fabs(input.uniform(0.0, 2.0));
  p.match_radius = input.flag() ? -1.0 : input.magnitude(1e-30, 1e30);
  p.near_joints = input.whole(0, 6);
  p.near_radius = input.magnitude(1e-30, 1e30);
  p.near_box = input.uniform(0.0, 2.0);
  return p;
}

template <typename T>
void merge(Input& input, const Crowd<T>& crowd, std::vector<int64_t> suppressor) {
  const int64_t N = crowd.N, K = crowd.K;
  // No suppression gives these.
  for (int64_t wrong = input.whole(0, 3); wrong > 0 && N > 0; --wrong) {
    suppressor[input.whole(0, N - 1)] = input.whole(INT64_MIN, INT64_MAX);
  }
  rmpe::MergeParameters p;
  p.box = input.uniform(0.0, 2.0);
  p.radius = input.magnitude(1e-3, 1e3);
  p.min_score = input.uniform(-1.0, 1.0);
  p.zero_score = input.magnitude(1e-30, 1.0);
  const rmpe::cpu::Groups groups = rmpe::cpu::group_by(suppressor.data(), N);
  std::vector<T> keypoints(2 * N * K), scores(N * K);
  const std::unique_ptr<bool[]> keep(new bool[N]);
  fuzz::in_two(groups.count(), input.whole(0, 8), [&](int64_t begin, int64_t end) {
    rmpe::cpu::merge_poses(crowd.keypoints.data(), crowd.scores.data(), crowd.boxes.data(),
                           suppressor.data(), N, K, p, groups, begin, end, keypoints.data(),
                           scores.data(), keep.get());
  });
  for (int64_t i = 0; i < N; ++i) {
    const bool kept = suppressor[i] == i;
    require(kept || !keep[i], "what was removed is not kept");
    const double reach = std::sqrt(double(rmpe::merge_reach2(crowd.boxes.data() + 4 * i, p)));
    for (int64_t n = i * K; n < (i + 1) * K; ++n) {
      const double dx = double(keypoints[2 * n]) - double(crowd.keypoints[2 * n]);
      const double dy = double(keypoints[2 * n + 1]) - double(crowd.keypoints[2 * n + 1]);
      if (kept && crowd.tame) {
        const double rounding = 1e-3 * (1.0 + reach);
        require(std::hypot(dx, dy) <= reach + rounding, "a joint moves within its reach");
        require(scores[n] > T(0) && scores[n] <= T(1.001), "a merged score is one of a joint's");
      } else if (!kept) {
        const std::vector<T> got{keypoints[2 * n], keypoints[2 * n + 1], scores[n]};
        const std::vector<T> given{crowd.keypoints[2 * n], crowd.keypoints[2 * n + 1],
                                   crowd.scores[n]};
        fuzz::require_same(got, given, "what was removed stays as it is");
      }
    }
  }
}

template <typename T>
void similarity(Input& input, const Crowd<T>& crowd) {
  const int64_t N = crowd.N;
  const rmpe::PoseNMSParameters p = parameters(input);
  const std::vector<T> weights = rmpe::cpu::weights_or_nan(crowd.list(), crowd.boxes.data(), N, p);
  std::vector<T> matrix(N * N), again(N * N);
  const auto write_rows = [&](int64_t begin, int64_t end, std::vector<T>& rows) {
    rmpe::cpu::pose_similarity(crowd.list(), crowd.boxes.data(), weights.data(), N, p, begin, end,
                               rows.data());
  };
  write_rows(0, N, matrix);
  fuzz::in_two(N, input.whole(0, 24),
               [&](int64_t begin, int64_t end) { write_rows(begin, end, again); });
  fuzz::require_same(matrix, again, "two ranges of rows give what one gives");
  const double largest = double(crowd.K) * (1.0 + std::fabs(p.lam)) * 1.001;
  for (int64_t i = 0; i < N * N; ++i) {
    if (crowd.tame) require(std::fabs(double(matrix[i])) <= largest, "a similarity is bounded");
  }
}

template <typename T>
void soft(Input& input, const Crowd<T>& crowd) {
  const int64_t N = crowd.N, max_kept = input.whole(1, 30);
  const double threshold = input.magnitude(1e-300, 1e300);
  const std::unique_ptr<bool[]> keep(new bool[N]);
  std::vector<T> decayed(N);
  std::vector<int64_t> rank(N);
  fuzz::in_two(crowd.images.count(), input.whole(0, 4), [&](int64_t begin, int64_t end) {
    rmpe::cpu::soft_oks_nms(crowd.list(), crowd.areas.data(), crowd.sigmas.data(),
                            {threshold, max_kept}, crowd.images, begin, end, keep.get(),
                            decayed.data(), rank.data());
  });
  for (int64_t image = 0; image < crowd.images.count(); ++image) {
    const int64_t size = crowd.images.size(image), kept = std::min(size, max_kept);
    std::vector<bool> taken(kept, false);
    for (int64_t k = 0; k < size; ++k) {
      const int64_t i = crowd.images.items(image)[k];
      require(keep[i] == (rank[i] >= 0) && rank[i] < kept, "what is kept has a rank");
      if (rank[i] >= 0) {
        require(!taken[rank[i]], "a rank is given once");
        taken[rank[i]] = true;
      }
      double score;
      if (crowd.tame && crowd.list().rank(i, score)) {
        require(std::fabs(double(decayed[i])) <= std::fabs(score) * 1.001, "scores only decay");
      }
    }
    require(std::find(taken.begin(), taken.end(), false) == taken.end(), "no rank is left out");
  }
}

template <typename T>
void run(Input& input) {
  enum { kPoseNms, kBoxNms, kOksNms, kNearbyJointsNms, kSoftOksNms, kPoseSimilarity };
  const int64_t op = input.whole(kPoseNms, kPoseSimilarity), split = input.whole(0, 4);
  const Crowd<T> crowd(input);
  const auto list = crowd.list();
  const T *boxes = crowd.boxes.data(), *areas = crowd.areas.data();
  const auto finite_box = [&](int64_t i) { return all_finite(boxes + 4 * i, 4); };
  if (op == kPoseNms) {
    const rmpe::PoseNMSParameters p = parameters(input);
    merge(input, crowd,
          suppress(
              crowd, split,
              [&](int64_t i, double& score) { return list.rank(i, score) && finite_box(i); },
              [&](auto&&... images) { rmpe::cpu::pose_nms(list, boxes, p, images...); }));
  } else if (op == kBoxNms) {
    const double threshold = input.uniform(0.0, 1.0);
    const T* scores = crowd.pose_scores.data();
    suppress(
        crowd, split,
        [&](int64_t i, double& score) {
          score = double(scores[i]);
          return finite_box(i) && !std::isnan(score);
        },
        [&](auto&&... images) { rmpe::cpu::box_nms(boxes, scores, threshold, images...); });
  } else if (op == kOksNms) {
    const double threshold = input.uniform(0.0, 1.0);
    suppress(
        crowd, split,
        [&](int64_t i, double& score) { return list.rank(i, score) && all_finite(areas + i, 1); },
        [&](auto&&... images) {
          rmpe::cpu::oks_nms(list, areas, crowd.sigmas.data(), threshold, images...);
        });
  } else if (op == kNearbyJointsNms) {
    const double distance = input.magnitude(1e-30, 1e30);
    const int64_t max_near = input.whole(0, 6);
    suppress(
        crowd, split, [&](int64_t i, double& score) { return list.rank(i, score); },
        [&](auto&&... images) {
          rmpe::cpu::nearby_joints_nms(list, {distance, max_near}, images...);
        });
  } else if (op == kSoftOksNms) {
    soft(input, crowd);
  } else {
    similarity(input, crowd);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  if (input.flag()) {
    run<float>(input);
  } else {
    run<double>(input);
  }
  return 0;
}
