// Whatever the matrices are, crops lie between the values of the image and the fill; the matrix of
// a box brings it into the crop.
#include "cpu/crop.h"
#include "cpu/crop_matrices.h"
#include "input.h"

namespace {

using fuzz::Input;
using fuzz::require;

// A list of images, or a stack. Memory ends with the last pixel.
struct Images {
  int64_t count, stack_stride = 0;
  std::vector<std::vector<uint8_t>> memory;
  std::vector<rmpe::Image> listed;

  explicit Images(Input& input) : count(input.whole(1, 3)) {
    const bool stack = input.flag();
    std::minstd_rand random(uint32_t(input.whole(1, 255)));
    for (int64_t i = 0; i < (stack ? 1 : count); ++i) {
      // Widths from 43 on have the bytes for the widest vectors.
      const int64_t height = input.whole(0, 12), width = input.whole(0, 60);
      const int64_t pixel_stride = input.whole(3, 5);
      // Rows may overlap, as those of an expanded view do.
      const int64_t row_stride = input.whole(0, width * pixel_stride + 3);
      const bool empty = height == 0 || width == 0;
      int64_t size = empty ? 0 : (height - 1) * row_stride + (width - 1) * pixel_stride + 3;
      if (stack) {
        stack_stride = input.whole(0, size + 3);
        if (!empty) size += (count - 1) * stack_stride;
      }
      memory.emplace_back(size);
      for (uint8_t& byte : memory.back()) byte = uint8_t(random() >> 8);
      listed.push_back({memory.back().data(), height, width, row_stride, pixel_stride});
    }
  }

  rmpe::ImageList list() const {
    return {listed.data(), int64_t(listed.size()), count, stack_stride};
  }
};

template <typename Stored>
void crop(Input& input) {
  const Images images(input);
  const bool indexed = input.flag();
  const int64_t N = indexed || images.count == 1 ? input.whole(0, 3) : images.count;
  std::vector<int64_t> index;
  std::vector<rmpe::Affine> inverses;
  for (int64_t n = 0; n < N; ++n) {
    index.push_back(input.whole(0, images.count - 1));
    inverses.push_back(input.flag() ? input.affine() : invert(input.affine()));
  }
  rmpe::cpu::CropBatch batch{};
  batch.images = images.list();
  batch.image_index = indexed ? index.data() : nullptr;
  batch.N = int64_t(inverses.size());
  batch.to_image = inverses.data();
  batch.height = input.whole(1, 20);
  batch.width = input.whole(1, 40);
  double low[3], high[3];  // of a crop's channel
  batch.normalization.swap_rb = input.flag();
  batch.normalization.fill = float(input.uniform(-300.0, 300.0));
  for (int c = 0; c < 3; ++c) {
    const double gain = batch.normalization.gain[c] = float(input.uniform(-2.0, 2.0));
    const double bias = batch.normalization.bias[c] = float(input.uniform(-2.0, 2.0));
    const double fill = batch.normalization.fill;
    const double ends[] = {bias, gain * 255.0 + bias, gain * fill + bias};
    low[c] = *std::min_element(ends, ends + 3);
    high[c] = *std::max_element(ends, ends + 3);
  }
  const int64_t plane = batch.height * batch.width;
  std::vector<Stored> crops(N * 3 * plane), again(N * 3 * plane);
  rmpe::cpu::crop(batch, 0, N * batch.height, crops.data());
  fuzz::in_two(N * batch.height, input.whole(0, 60), [&](int64_t begin, int64_t end) {
    rmpe::cpu::crop(batch, begin, end, again.data());
  });
  fuzz::require_same(crops, again, "two ranges of rows give what one gives");
  const double rounding = fuzz::kSpacing<Stored> * 603.0 + 1e-3;
  for (int64_t i = 0; i < N * 3 * plane; ++i) {
    const double value = double(rmpe::widen(crops[i]));
    const int64_t c = i / plane % 3;
    require(value >= low[c] - rounding && value <= high[c] + rounding,
            "crops lie within the values of the image and the fill");
  }
}

template <typename T>
void crop_matrices(Input& input) {
  const bool tame = input.flag();
  const int64_t N = input.whole(0, 3);
  const rmpe::CropGeometry geometry{input.whole(2, 400), input.whole(2, 400),
                                    input.uniform(-0.9, 3.0), input.uniform(0.0, 0.2),
                                    rmpe::Grid(input.whole(0, 2))};
  std::vector<T> boxes, matrices(6 * N);
  std::vector<double> radians;
  for (int64_t n = 0; n < N; ++n) {
    if (tame) {
      const double x = input.uniform(-500.0, 4000.0), y = input.uniform(-500.0, 4000.0);
      boxes.insert(boxes.end(), {T(x), T(y), T(x + input.uniform(1.0, 2000.0)),
                                 T(y + input.uniform(1.0, 2000.0))});
    } else {
      for (int side = 0; side < 4; ++side) boxes.push_back(T(input.number()));
    }
    radians.push_back(tame ? input.uniform(-4.0, 4.0) : input.number());
  }
  rmpe::cpu::crop_matrices(boxes.data(), input.flag() ? radians.data() : nullptr, geometry, 0, N,
                           matrices.data());
  for (int64_t n = 0; tame && n < N; ++n) {
    const T* box = boxes.data() + 4 * n;
    const rmpe::Affine matrix = rmpe::load_affine(matrices.data() + 6 * n);
    require(is_finite(matrix) && is_finite(invert(matrix)), "a box has a matrix with an inverse");
    const double height = double(box[3] - box[1]);
    const double grown = std::max(
        height, double(box[2] - box[0]) * double(geometry.height) / double(geometry.width));
    const double x = 0.5 * (double(box[0]) + double(box[2]));
    const double y = 0.5 * (double(box[1]) + double(box[3])) + geometry.center_shift * grown;
    const double half = geometry.grid == rmpe::Grid::kAsymmetric ? 0.0 : 0.5;
    // Coordinates of thousands of pixels, enlarged.
    const double enlarged =
        std::fabs(matrix.xx) + std::fabs(matrix.xy) + std::fabs(matrix.yx) + std::fabs(matrix.yy);
    const double rounding = fuzz::kSpacing<T> * (1e4 * enlarged + 1e3);
    require(std::fabs(map_x(matrix, x, y) - (0.5 * double(geometry.width) - half)) <= rounding &&
                std::fabs(map_y(matrix, x, y) - (0.5 * double(geometry.height) - half)) <= rounding,
            "the box's center becomes the crop's");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  switch (input.whole(0, 4)) {
    case 0:
      crop<float>(input);
      break;
    case 1:
      crop<rmpe::Half>(input);
      break;
    case 2:
      crop<rmpe::BFloat16>(input);
      break;
    case 3:
      crop_matrices<float>(input);
      break;
    case 4:
      crop_matrices<double>(input);
      break;
  }
  return 0;
}
