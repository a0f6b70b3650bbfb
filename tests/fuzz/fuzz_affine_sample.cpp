// Whatever theta is, samples of an image lie between its values, and the gradient to the input is
// the transpose of the sampling.
#include "cpu/affine_sample.h"
#include "input.h"

namespace {

using fuzz::Input;
using fuzz::require;
using fuzz::Wide;
using rmpe::Interpolation;
using rmpe::Padding;

template <typename S>
void sample(Input& input) {
  const rmpe::SampleGeometry g{input.whole(1, 12),
                               input.whole(1, 12),
                               input.whole(1, 20),
                               input.whole(1, 20),
                               input.flag() ? Interpolation::kNearest : Interpolation::kBilinear,
                               Padding(input.whole(0, 2)),
                               input.flag()};
  const int64_t N = input.whole(0, 2), C = input.whole(0, 3);
  const int64_t plane = g.input_height * g.input_width, size = g.height * g.width;
  const int64_t channel_stride = plane + input.whole(0, 2);
  const int64_t batch_stride = C * channel_stride + input.whole(0, 2);
  std::vector<rmpe::Affine> maps;
  for (int64_t n = 0; n < N; ++n) {
    const rmpe::Affine m = input.affine();
    const double theta[6] = {m.xx, m.xy, m.x0, m.yx, m.yy, m.y0};
    maps.push_back(sampling_map(theta, g));
  }
  const bool empty = N * C == 0;
  const auto image =
      input.values<S>(empty ? 0 : (N - 1) * batch_stride + (C - 1) * channel_stride + plane);
  const auto grad = input.values<S>(N * C * size);
  const rmpe::cpu::SampleBatch<S> batch{
      image.data.data(), batch_stride, channel_stride, maps.data(), N, C, g};

  std::vector<S> output(N * C * size), again(N * C * size);
  rmpe::cpu::affine_sample(batch, 0, N * g.height, output.data());
  fuzz::in_two(N * g.height, input.whole(0, 40), [&](int64_t begin, int64_t end) {
    rmpe::cpu::affine_sample(batch, begin, end, again.data());
  });
  fuzz::require_same(output, again, "two ranges of rows give what one gives");

  const int64_t block = input.whole(1, 3), items = N * ((C + block - 1) / block);
  std::vector<S> grad_image(N * C * plane), grad_again(N * C * plane);
  std::vector<rmpe::PositionMoments> moments(items), moments_again(items);
  rmpe::cpu::affine_sample_backward(batch, grad.data.data(), block, 0, items, grad_image.data(),
                                    moments.data());
  // Each gradient alone, which the one to the input can be without the input.
  rmpe::cpu::SampleBatch<S> no_input = batch;
  no_input.input = nullptr;
  fuzz::in_two(items, input.whole(0, 6), [&](int64_t begin, int64_t end) {
    rmpe::cpu::affine_sample_backward(no_input, grad.data.data(), block, begin, end,
                                      grad_again.data(), nullptr);
    rmpe::cpu::affine_sample_backward<S>(batch, grad.data.data(), block, begin, end, nullptr,
                                         moments_again.data());
  });
  fuzz::require_same(grad_image, grad_again, "two ranges of items give what one gives");
  for (int64_t i = 0; i < items; ++i) {
    const auto &one = moments[i].values, &two = moments_again[i].values;
    fuzz::require_same(std::vector<double>(one, one + 6), std::vector<double>(two, two + 6),
                       "two ranges of items give what one gives");
  }

  const double rounding = fuzz::kSpacing<S> + 64 * fuzz::kSpacing<Wide<S>>;
  if (image.tame) {
    for (const S value : output) {
      require(std::fabs(double(rmpe::widen(value))) <= 1.0 + rounding,
              "samples lie within the image's values");
    }
  }
  if (image.tame && grad.tame) {
    double forward = 0.0, transposed = 0.0;
    for (int64_t i = 0; i < N * C * size; ++i) {
      forward += double(rmpe::widen(output[i])) * double(rmpe::widen(grad.data[i]));
    }
    for (int64_t i = 0; i < N * C * plane; ++i) {
      const int64_t n = i / (C * plane), c = i / plane % C;
      transposed +=
          double(rmpe::widen(batch.plane(n, c)[i % plane])) * double(rmpe::widen(grad_image[i]));
    }
    // A pixel's gradient may add up those of all samples, and is rounded once more.
    require(std::fabs(forward - transposed) <= rounding * double(4 * N * C * size),
            "the gradient to the input is the transpose");
    for (const rmpe::PositionMoments& item : moments) {
      float theta[6];
      theta_gradient(item, g, theta);
      for (const float value : theta) require(std::isfinite(value), "theta's gradient is finite");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  fuzz::with_stored_type(input, [&](auto zero) { sample<decltype(zero)>(input); });
  return 0;
}
