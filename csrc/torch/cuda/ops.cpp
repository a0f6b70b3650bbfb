// How each op runs on CUDA, and the registration of the ops of CUDA tensors with PyTorch.
#include "cuda/affine_sample.h"
#include "cuda/box_nms.h"
#include "cuda/crop.h"
#include "cuda/crop_matrices.h"
#include "cuda/decode.h"
#include "cuda/decode_simcc.h"
#include "cuda/merge_poses.h"
#include "cuda/nearby_joints_nms.h"
#include "cuda/oks_nms.h"
#include "cuda/pose_nms.h"
#include "cuda/pose_similarity.h"
#include "cuda/soft_argmax.h"
#include "cuda/soft_oks_nms.h"
#include "ops/all.h"
#include "torch/cuda/device.h"
#include "torch/cuda/geometry.h"
#include "torch/cuda/poses.h"

namespace rmpe::ops {

// affine_sample

class CudaSamplingMaps {
 public:
  explicit CudaSamplingMaps(const Tensor& theta) : theta_(theta) {}

  cuda::Floats data() const { return as_floats(theta_); }

 private:
  std::optional<Tensor> theta_;
};

inline CudaSamplingMaps sampling_maps(const Cuda& device, const Tensor& theta,
                                      const SampleGeometry& g, int64_t N) {
  check(g.height <= INT32_MAX / g.width, "size must have fewer than 2^31 pixels");
  return CudaSamplingMaps(checked_matrices(device, "theta", theta, N));
}

template <typename S>
void run_affine_sample(const Cuda& device, const cuda::SampleBatch<S>& batch, S* output) {
  cuda::launch_affine_sample(batch, device.stream(), output);
}

template <typename S>
void run_affine_sample_backward(const Cuda& device, const cuda::SampleBatch<S>& batch,
                                const S* grad, bool deterministic, S* grad_input,
                                Tensor* grad_theta) {
  const SampleGeometry& g = batch.geometry;
  const int64_t N = batch.N, C = batch.C;
  const auto allocate = [&](bool needed, std::initializer_list<int64_t> sizes, ScalarType dtype) {
    return needed ? device.empty(sizes, dtype) : device.empty({0}, dtype);
  };
  const bool needs_moments = grad_theta && g.interpolation == Interpolation::kBilinear;
  const bool fixed = grad_input && deterministic;
  const bool is_16_bit = !std::is_same_v<S, ComputeType<S>>;
  Tensor moments = allocate(needs_moments, {cuda::moment_count(N, C, g), 6}, ScalarType::Double);
  Tensor sums = allocate(grad_input && !fixed && is_16_bit, {N, C, g.input_height, g.input_width},
                         ScalarType::Float);
  Tensor fixed_sums = allocate(fixed, {N, C, g.input_height, g.input_width}, ScalarType::Long);
  Tensor exponents = allocate(fixed, {N, C}, ScalarType::Int);
  const cuda::BackwardScratch scratch{
      mutable_data<PositionMoments>(moments), mutable_data<float>(sums),
      fixed ? mutable_data<unsigned long long>(fixed_sums) : nullptr,
      mutable_data<unsigned>(exponents)};
  cuda::launch_affine_sample_backward(batch, grad, scratch, device.stream(), grad_input,
                                      grad_theta ? grad_theta->mutable_data_ptr() : nullptr);
}

// box_nms

template <typename T>
void run_box_nms(const Cuda& device, const T* boxes, const T* scores, double threshold,
                 const CudaImageIndex& images, int64_t N, bool* keep, int64_t* suppressor) {
  Tensor scratch = device.scratch(cuda::box_nms_scratch_bytes<T>(N, images.many_images()));
  cuda::launch_box_nms(boxes, scores, threshold, images.data(), N, scratch.mutable_data_ptr(),
                       device.stream(), keep, suppressor);
}

// crop

template <typename Stored>
void run_crop(const Cuda& device, const cuda::CropBatch& batch, Stored* crops) {
  cuda::launch_crop(batch, device.stream(), crops);
}

// crop_matrices

template <typename T>
void run_crop_matrices(const Cuda& device, const T* boxes, const std::optional<Tensor>& rotation,
                       const CropGeometry& geometry, int64_t N, T* matrices) {
  cuda::launch_crop_matrices(boxes, as_floats(rotation), geometry, N, device.stream(), matrices);
}

// decode

template <typename Stored, typename T>
void run_decode(const Cuda& device, const cuda::DecodeBatch<Stored>& batch, T* keypoints,
                T* scores) {
  cuda::launch_decode(batch, device.stream(), keypoints, scores);
}

// decode_simcc

template <typename Stored, typename T>
void run_decode_simcc(const Cuda& device, const cuda::SimccBatch<Stored>& batch, T* keypoints,
                      T* scores) {
  cuda::launch_decode_simcc(batch, device.stream(), keypoints, scores);
}

// merge_poses

template <typename T>
void run_merge_poses(const Cuda& device, const PoseList<T>& poses, const T* boxes,
                     const int64_t* suppressor, int64_t N, const MergeParameters& parameters,
                     T* merged_keypoints, T* merged_scores, bool* keep) {
  Tensor scratch = device.scratch(cuda::merge_poses_scratch_bytes(N));
  cuda::launch_merge_poses(poses.keypoints, poses.scores, boxes, suppressor, N, poses.K, parameters,
                           scratch.mutable_data_ptr(), device.stream(), merged_keypoints,
                           merged_scores, keep);
}

// nearby_joints_nms

template <typename T>
void run_nearby_joints_nms(const Cuda& device, const PoseList<T>& poses,
                           const NearbyJointsParameters& parameters, const CudaImageIndex& images,
                           int64_t N, bool* keep, int64_t* suppressor) {
  Tensor scratch =
      device.scratch(cuda::nearby_joints_nms_scratch_bytes<T>(N, images.many_images()));
  cuda::launch_nearby_joints_nms(poses, parameters, images.data(), N, scratch.mutable_data_ptr(),
                                 device.stream(), keep, suppressor);
}

// oks_nms

template <typename T>
void run_oks_nms(const Cuda& device, const PoseList<T>& poses, const T* areas, const T* sigmas,
                 double threshold, const CudaImageIndex& images, int64_t N, bool* keep,
                 int64_t* suppressor) {
  Tensor scratch = device.scratch(cuda::oks_nms_scratch_bytes<T>(N, poses.K, images.many_images()));
  cuda::launch_oks_nms(poses, areas, sigmas, threshold, images.data(), N,
                       scratch.mutable_data_ptr(), device.stream(), keep, suppressor);
}

// pose_nms

template <typename T>
void run_pose_nms(const Cuda& device, const PoseList<T>& poses, const T* boxes,
                  const PoseNMSParameters& parameters, const CudaImageIndex& images, int64_t N,
                  bool* keep, int64_t* suppressor) {
  Tensor scratch = device.scratch(cuda::pose_nms_scratch_bytes<T>(N, images.many_images()));
  cuda::launch_pose_nms(poses, boxes, parameters, images.data(), N, scratch.mutable_data_ptr(),
                        device.stream(), keep, suppressor);
}

// pose_similarity

template <typename T>
void run_pose_similarity(const Cuda& device, const PoseList<T>& poses, const T* boxes,
                         const PoseNMSParameters& parameters, int64_t N, T* similarity) {
  cuda::launch_pose_similarity(poses, boxes, parameters, N, device.stream(), similarity);
}

// soft_argmax

template <typename Stored, typename T>
void run_soft_argmax(const Cuda& device, const Stored* heatmaps, int64_t maps, int64_t height,
                     int64_t width, T beta, T* keypoints, Partition<T>* partition) {
  cuda::launch_soft_argmax(heatmaps, maps, height, width, beta, device.stream(), keypoints,
                           partition);
}

template <typename Stored, typename T>
void run_soft_argmax_backward(const Cuda& device, const T* grad, const Stored* heatmaps,
                              const T* keypoints, const Partition<T>* partition, int64_t maps,
                              int64_t height, int64_t width, T beta, Stored* grad_heatmaps) {
  cuda::launch_soft_argmax_backward(grad, heatmaps, keypoints, partition, maps, height, width, beta,
                                    device.stream(), grad_heatmaps);
}

// soft_oks_nms

template <typename T>
void run_soft_oks_nms(const Cuda& device, const PoseList<T>& poses, const T* areas, const T* sigmas,
                      const SoftOksParameters& parameters, const CudaImageIndex& images, int64_t N,
                      bool* keep, T* decayed_scores, int64_t* rank) {
  Tensor scratch =
      device.scratch(cuda::soft_oks_nms_scratch_bytes<T>(N, poses.K, images.many_images()));
  cuda::launch_soft_oks_nms(poses, areas, sigmas, parameters, images.data(), N,
                            scratch.mutable_data_ptr(), device.stream(), keep, decayed_scores,
                            rank);
}

STABLE_TORCH_LIBRARY_IMPL(rmpe_ext, CUDA, m) {
  for_each_op<Cuda>([&](const char* name, auto op) { m.impl(name, TORCH_BOX(op.value)); });
  m.impl("affine_sample_backward", TORCH_BOX(&affine_sample_backward<Cuda>));
  m.impl("soft_argmax_backward", TORCH_BOX(&soft_argmax_backward<Cuda>));
}

}  // namespace rmpe::ops
