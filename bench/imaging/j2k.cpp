// What the frames of a lossless JPEG 2000 image cost, kept in one form or another: as received,
// turned into HTJ2K (Part 15, reversible), or decoded and packed as the store packs objects. Bytes
// of a frame, and CPU time to have its samples again; every form is checked to give them equal.
//
//   csl_bench_j2k FILE.dcm...        grey DICOM files, compressed or not
#include <fmt/format.h>
#include <openjph/ojph_arch.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_mem.h>
#include <openjph/ojph_params.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "codec/decoders.hpp"
#include "format/dicom/dicom_file.hpp"
#include "format/dicom/frames.hpp"

using namespace consilium;

namespace {

struct Frame {
  CodecJob job;
  Bytes coded;    // JPEG 2000, where the file has it
  Bytes samples;  // little endian
};

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

template <class Work>
double median_ms(Work work) {
  std::vector<double> times;
  for (int run = 0; run < 7; ++run) {
    const double begin = cpu_ms();
    work();
    times.push_back(cpu_ms() - begin);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

std::int32_t sample_at(const Frame& frame, std::size_t index) {
  if (frame.job.bits_allocated == 8) return std::to_integer<std::int32_t>(frame.samples[index]);
  std::uint16_t value = 0;
  std::memcpy(&value, frame.samples.data() + index * 2, sizeof(value));
  return frame.job.is_signed ? static_cast<std::int16_t>(value) : value;
}

void put_sample(Frame& frame, std::size_t index, std::int32_t value) {
  std::memcpy(frame.samples.data() + index * (frame.job.bits_allocated / 8U), &value,
              frame.job.bits_allocated / 8U);
}

Bytes htj2k_of(const Frame& frame) {
  ojph::codestream stream;
  ojph::param_siz size = stream.access_siz();
  size.set_image_extent(ojph::point(frame.job.columns, frame.job.rows));
  size.set_num_components(1);
  size.set_component(0, ojph::point(1, 1), frame.job.bits_stored, frame.job.is_signed);
  ojph::param_cod coding = stream.access_cod();
  coding.set_num_decomposition(5);
  coding.set_reversible(true);
  coding.set_color_transform(false);
  stream.set_planar(true);
  ojph::mem_outfile out;
  out.open();
  stream.write_headers(&out);
  ojph::ui32 component = 0;
  ojph::line_buf* line = stream.exchange(nullptr, component);
  for (std::size_t row = 0; row < frame.job.rows; ++row) {
    for (std::size_t x = 0; x < frame.job.columns; ++x) {
      line->i32[x] = sample_at(frame, row * frame.job.columns + x);
    }
    line = stream.exchange(line, component);
  }
  stream.flush();
  const auto* data = reinterpret_cast<const std::byte*>(out.get_data());
  Bytes coded(data, data + out.tell());
  stream.close();
  return coded;
}

void decode_with_openjph(const Bytes& coded, Frame& into) {
  ojph::mem_infile in;
  in.open(reinterpret_cast<const ojph::ui8*>(coded.data()), coded.size());
  ojph::codestream stream;
  stream.read_headers(&in);
  stream.create();
  for (std::size_t row = 0; row < into.job.rows; ++row) {
    ojph::ui32 component = 0;
    const ojph::line_buf* line = stream.pull(component);
    for (std::size_t x = 0; x < into.job.columns; ++x) {
      put_sample(into, row * into.job.columns + x, line->i32[x]);
    }
  }
  stream.close();
}

// The store's own form: zstd level 1 over pieces of 64 KiB.
constexpr std::size_t piece_bytes = 64U << 10U;

std::vector<Bytes> packed(ByteView samples) {
  std::vector<Bytes> pieces;
  for (std::size_t at = 0; at < samples.size(); at += piece_bytes) {
    const ByteView piece = samples.subspan(at, std::min(piece_bytes, samples.size() - at));
    Bytes out(ZSTD_compressBound(piece.size()));
    out.resize(ZSTD_compress(out.data(), out.size(), piece.data(), piece.size(), 1));
    pieces.push_back(std::move(out));
  }
  return pieces;
}

void unpack(const std::vector<Bytes>& pieces, Bytes& samples) {
  std::size_t at = 0;
  for (const Bytes& piece : pieces) {
    at += ZSTD_decompress(samples.data() + at, samples.size() - at, piece.data(), piece.size());
  }
}

Result<Frame> read_frame(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  const Bytes bytes = to_bytes(text);
  const DicomFile file = CSL_TRY(read_dicom(bytes));
  const ImageDescription image = CSL_TRY(describe_image(file));
  if (image.ready.samples_per_pixel != 1) {
    return fail(ErrorCode::Unsupported, "only grey is measured");
  }
  Frame frame{.job = codec_job(file.syntax->codec, image), .coded = {}, .samples = {}};
  frame.samples.resize(output_size_bytes(frame.job));
  if (!file.pixel_data.is_encapsulated) {
    const Bytes ready = CSL_TRY(make_ready(CSL_TRY(native_frame(file, image, 0)), image, 0));
    frame.samples.assign(ready.begin(), ready.end());
    return frame;
  }
  const FrameTable table = CSL_TRY(frame_table(file, image.frame_count));
  frame.coded = CSL_TRY(compressed_frame(file, table, 0));
  CSL_TRY(detail::decode_frame(frame.job, frame.coded, frame.samples));
  return frame;
}

void report(std::string_view form, std::size_t bytes, const Frame& frame, double ms) {
  const auto plain = static_cast<double>(frame.samples.size());
  fmt::print("  {:<34} {:>9} B  {:5.2f}:1  {:8.2f} ms  {:7.0f} MB/s\n", form, bytes,
             plain / static_cast<double>(bytes), ms, plain / 1e3 / ms);
}

Status measure(const std::filesystem::path& path) {
  Frame frame = CSL_TRY(read_frame(path));
  fmt::print("{}: {} x {}, {} bits, {} bytes\n", path.filename().string(), frame.job.columns,
             frame.job.rows, frame.job.bits_stored, frame.samples.size());
  Bytes again(frame.samples.size());
  if (frame.job.codec == PixelCodec::Jpeg2000) {
    report("as received, OpenJPEG", frame.coded.size(), frame, median_ms([&] {
             static_cast<void>(detail::decode_frame(frame.job, frame.coded, again));
           }));
  }
  const Bytes coded = htj2k_of(frame);
  Frame turned{.job = frame.job, .coded = {}, .samples = Bytes(frame.samples.size())};
  report("HTJ2K, OpenJPH", coded.size(), frame,
         median_ms([&] { decode_with_openjph(coded, turned); }));
  CodecJob job = frame.job;
  job.codec = PixelCodec::Jpeg2000;
  Status decoded;
  report("HTJ2K, OpenJPEG", coded.size(), frame,
         median_ms([&] { decoded = detail::decode_frame(job, coded, again); }));
  const bool is_equal = decoded && turned.samples == frame.samples && again == frame.samples;
  fmt::print("  {:<34} {:>9}    {:>6}   {:8.2f} ms\n", "HTJ2K, made by OpenJPH", "", "",
             median_ms([&] { static_cast<void>(htj2k_of(frame)); }));
  const std::vector<Bytes> pieces = packed(frame.samples);
  std::size_t size = 0;
  for (const Bytes& piece : pieces) size += piece.size();
  report("decoded, zstd 1 in pieces", size, frame, median_ms([&] { unpack(pieces, again); }));
  fmt::print("  {}\n", is_equal && again == frame.samples ? "all equal" : "DIFFERENT");
  return {};
}

}  // namespace

int main(int argument_count, char** arguments) {
  for (int i = 1; i < argument_count; ++i) {
    if (const Status status = measure(arguments[i]); !status) {
      fmt::print(stderr, "{}: {}\n", arguments[i], to_line(status.error()));
    }
  }
  return 0;
}
