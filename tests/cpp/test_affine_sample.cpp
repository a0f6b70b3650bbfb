// Samples of images that end where their memory ends: under AddressSanitizer, any read or write
// beyond a plane fails. Values are compared with the corners of the core, one pixel at a time, and
// the backward pass with the forward pass whose transpose it is.
#include <cmath>
#include <cstdio>
#include <memory>
#include <random>

#include "check.h"
#include "cpu/affine_sample.h"

namespace {

using rmpe::Affine;
using rmpe::Interpolation;
using rmpe::Padding;
using rmpe::SampleGeometry;

template <typename S>
std::unique_ptr<S[]> noise(std::mt19937& random, int64_t size) {
  std::uniform_real_distribution<double> value(-1, 1);
  std::unique_ptr<S[]> values(new S[size]);
  for (int64_t i = 0; i < size; ++i) {
    rmpe::narrow(typename rmpe::Widened<S>::type(value(random)), values[i]);
  }
  return values;
}

template <typename S>
double sample_one(const S* plane, const Affine& map, const SampleGeometry& g, int64_t x,
                  int64_t y) {
  const double px = double(x) - rmpe::center(g.width), py = double(y) - rmpe::center(g.height);
  const double at_x =
      rmpe::pad_position(rmpe::map_x(map, px, py), g.input_width, g.padding, g.align_corners).at;
  const double at_y =
      rmpe::pad_position(rmpe::map_y(map, px, py), g.input_height, g.padding, g.align_corners).at;
  double value = 0;
  for (int k = 0; k < 4; ++k) {
    const auto corner = rmpe::bilinear_corner<double>(k, at_x, at_y, g);
    if (corner.offset >= 0) value += corner.weight * double(rmpe::widen(plane[corner.offset]));
  }
  return value;
}

template <typename S>
void check(std::mt19937& random, const SampleGeometry& g, const float* theta, double tolerance) {
  const int64_t C = 2, input_size = g.input_height * g.input_width, size = g.height * g.width;
  const Affine map = rmpe::sampling_map(theta, g);
  const auto input = noise<S>(random, C * input_size), grad = noise<S>(random, C * size);
  std::unique_ptr<S[]> output(new S[C * size]), grad_input(new S[C * input_size]);
  const rmpe::cpu::SampleBatch<S> batch{input.get(), C * input_size, input_size, C, &map, g};
  // In two pieces, as two threads would.
  rmpe::cpu::affine_sample(batch, 0, g.height / 2, output.get());
  rmpe::cpu::affine_sample(batch, g.height / 2, g.height, output.get());
  rmpe::PositionMoments moments[2];
  rmpe::cpu::affine_sample_backward(batch, grad.get(), 1, 0, 1, grad_input.get(), moments);
  rmpe::cpu::affine_sample_backward(batch, grad.get(), 1, 1, 2, grad_input.get(), moments);

  double from_output = 0, from_input = 0;
  for (int64_t i = 0; i < C * size; ++i) {
    const double value = double(rmpe::widen(output[i]));
    from_output += value * double(rmpe::widen(grad[i]));
    if (g.interpolation == Interpolation::kNearest) continue;
    const int64_t c = i / size, y = i % size / g.width, x = i % g.width;
    CHECK(std::fabs(value - sample_one(input.get() + c * input_size, map, g, x, y)) < tolerance);
  }
  for (int64_t i = 0; i < C * input_size; ++i) {
    from_input += double(rmpe::widen(input[i])) * double(rmpe::widen(grad_input[i]));
  }
  CHECK(std::fabs(from_output - from_input) < tolerance * double(C * (size + input_size)));
}

}  // namespace

int main() {
  std::mt19937 random(0);
  std::normal_distribution<float> normal;
  const float special[] = {0.0f, 1e30f, -1e38f, INFINITY, NAN, 1e-40f};
  for (int round = 0; round < 4000; ++round) {
    const SampleGeometry g{int64_t(1 + random() % 12),
                           int64_t(1 + random() % 12),
                           int64_t(1 + random() % 20),
                           int64_t(1 + random() % 20),
                           round % 5 == 0 ? Interpolation::kNearest : Interpolation::kBilinear,
                           Padding(random() % 3),
                           bool(random() % 2)};
    float theta[6];
    for (float& value : theta) value = normal(random);
    if (round % 2) theta[1] = theta[3] = 0.0f;
    if (round % 7 == 0) theta[random() % 6] = special[random() % 6];
    check<float>(random, g, theta, 1e-5);
    check<double>(random, g, theta, 1e-10);
    check<rmpe::Half>(random, g, theta, 2e-3);
    check<rmpe::BFloat16>(random, g, theta, 2e-2);
  }
  std::puts("affine_sample: all equal");
}
