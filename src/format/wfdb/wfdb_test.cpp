#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "format/wfdb/wfdb_record.hpp"
#include "format/wfdb/wfdb_writer.hpp"
#include "tests/data_path.hpp"

namespace consilium {
namespace {

ByteSourceResolver files_in(const std::filesystem::path& folder) {
  return [folder](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    return open_file_source(folder / name);
  };
}

Result<std::unique_ptr<WfdbRecord>> open_at(const std::filesystem::path& header) {
  const auto file = open_file_source(header);
  if (!file) return std::unexpected(file.error());
  return open_wfdb(*read_all(**file, 1U << 20U), files_in(header.parent_path()));
}

// One file of the name "d" in memory.
ByteSourceResolver only_file(ByteView bytes) {
  return [bytes](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    if (name != "d") return fail(ErrorCode::NotFound, "no such file");
    return view_source(bytes);
  };
}

TEST_CASE("a header line is taken apart into all its fields") {
  const auto header = parse_wfdb_header(bytes_of(
      "# before\r\nrec 2 62.4725/999.56(3.5) 14400 1:02:03.25 29/02/2004\r\n"
      "a.dat 212x4:3+24 12.84(-1605)/mmHg 12 7 -943 -23651 0 ABP left arm\r\n\r\nb.dat 16\r\n"
      "#after\n"));
  REQUIRE(header.has_value());
  CHECK(header->record_name == "rec");
  CHECK(header->frame_rate == *Rate::of(24989, 400));
  CHECK(header->counter_rate_hz == 999.56);
  CHECK(header->base_counter == 3.5);
  CHECK(header->frame_count == 14400);
  CHECK(header->base_time == CivilTime{2004, 2, 29, 1, 2, 3, 250'000'000});
  const WfdbSignalLine first{.file_name = "a.dat",
                             .format = WfdbFormat::F212,
                             .samples_per_frame = 4,
                             .skew_frames = 3,
                             .byte_offset = 24,
                             .adu_per_unit = 12.84,
                             .baseline_adu = -1605,
                             .unit = "mmHg",
                             .adc_bits = 12,
                             .adc_zero = 7,
                             .initial_value = -943,
                             .checksum = -23651,
                             .description = "ABP left arm"};
  CHECK(header->signals[0] == first);
  CHECK(header->signals[1].unit == "mV");
  CHECK_FALSE(header->signals[1].adu_per_unit.has_value());
  CHECK(header->comments == std::vector<std::string>{" before", "after"});
}

TEST_CASE("a header that is written is read as it was") {
  WfdbHeader header{.record_name = "r",
                    .frame_rate = *Rate::of(24989, 400),
                    .frame_count = 9,
                    .base_time = CivilTime{2004, 2, 29, 1, 2, 3, 0},
                    .signal_count = 1,
                    .comments = {"x"}};
  header.signals.push_back({.file_name = "r.dat",
                            .format = WfdbFormat::F16,
                            .samples_per_frame = 2,
                            .adu_per_unit = 0.1,
                            .unit = "uV",
                            .checksum = -5,
                            .description = "EEG Fpz-Cz"});
  const auto read = parse_wfdb_header(bytes_of(write_wfdb_header(header)));
  REQUIRE(read.has_value());
  CHECK(*read == header);
}

TEST_CASE("damaged headers are refused") {
  struct Case {
    const char* name;
    const char* text;
    ErrorCode code;
  };
  for (const Case& wrong :
       {Case{"empty", "", ErrorCode::Corrupt}, Case{"no signal count", "r", ErrorCode::Corrupt},
        Case{"many signals", "r 99999999", ErrorCode::Corrupt},
        Case{"signals absent", "r 2\nd 16\n", ErrorCode::Corrupt},
        Case{"rate 0", "r 1 0\nd 16\n", ErrorCode::Corrupt},
        Case{"unknown format", "r 1\nd 17\n", ErrorCode::Unsupported},
        Case{"0 samples a frame", "r 1\nd 16x0\n", ErrorCode::Corrupt},
        Case{"a path", "r 1 1 1\n../d 16\n", ErrorCode::Unsupported},
        Case{"absent file", "r 1 1 1\nx 16\n", ErrorCode::NotFound},
        Case{"mixed formats", "r 2 1 1\nd 16\nd 212\n", ErrorCode::Corrupt},
        Case{"apart", "r 3 1 1\nd 16\n~ 0\nd 16\n", ErrorCode::Corrupt}}) {
    CAPTURE(wrong.name);
    const Bytes data(16);
    const auto record = open_wfdb(bytes_of(wrong.text), only_file(data));
    REQUIRE_FALSE(record.has_value());
    CHECK(record.error().code == wrong.code);
  }
}

// Every record of the shared data, with how it should come out.
TEST_CASE("every record at hand opens, and its checksums are right where its files are whole") {
  int opened = 0;
  std::map<std::string, std::vector<std::size_t>> wrong;
  std::vector<std::string> refused;
  for (const char* folder : {"signals/mitdb", "signals/qtdb", "signals/ludb", "signals/wfdb",
                             "signals/wfdb/multi-segment", "signals/cpsc2021", "signals/cinc2021",
                             "signals/ptbxl", "signals/nsr2db", "malformed/signals"}) {
    const auto path = test::data_path(folder);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    for (const auto& entry : std::filesystem::directory_iterator(*path)) {
      if (entry.path().extension() != ".hea") continue;
      const std::string name = entry.path().filename().string();
      CAPTURE(name);
      const auto record = open_at(entry.path());
      if (!record) {
        refused.push_back(name);
        CAPTURE(to_line(record.error()));
        CHECK(record.error().code == ErrorCode::NotFound);
        continue;
      }
      ++opened;
      const auto sums = (*record)->wrong_checksums();
      REQUIRE(sums.has_value());
      for (const WfdbChecksum& sum : *sums) wrong[name].push_back(sum.channel);
    }
  }
  std::ranges::sort(refused);
  std::string refused_list;
  for (const std::string& name : refused) refused_list += " " + name;
  CAPTURE(refused_list);
  // Their signal files are not part of the data.
  CHECK(refused == std::vector<std::string>{"100-no-len.hea", "1003.hea", "100skew.hea",
                                            "a103l-no-len.hea", "n16.hea", "s0010_re.hea"});
  CHECK(opened > 190);
  std::string list;
  for (const auto& [name, channels] : wrong) list += " " + name;
  MESSAGE(opened << " records opened; checksums differ in:" << list);
}

TEST_CASE("all ways to read a record give the same samples") {
  for (const std::string name :
       {"signals/wfdb/binformats.hea", "signals/wfdb/flacformats.hea",
        "signals/wfdb/mixedsignals.hea", "signals/wfdb/test01_00s_skew.hea",
        "signals/wfdb/test01_00s_frame.hea", "signals/wfdb/03700181.hea",
        "signals/wfdb/100_3chan.hea", "signals/wfdb/multi-segment/v102s.hea"}) {
    CAPTURE(name);
    const auto path = test::data_path(name);
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const auto record = open_at(*path);
    REQUIRE(record.has_value());
    const RecordHeader& header = (*record)->header();
    SignalBlock block;
    REQUIRE((*record)->read_block({Tick{0}, Tick{header.length_ticks}}, block).has_value());
    std::minstd_rand random(1);
    for (std::size_t c = 0; c < header.channels.size(); ++c) {
      CHECK(block.channels[c].size() == static_cast<std::size_t>(header.channels[c].sample_count));
      CHECK(*read_channel(**record, c) == block.channels[c]);
      for (int trial = 0; trial < 20; ++trial) {
        const std::size_t size = block.channels[c].size();
        const std::size_t first = random() % size;
        std::vector<std::int32_t> part(std::min<std::size_t>(size - first, random() % 3000));
        REQUIRE(
            (*record)->read(c, SampleIndex{static_cast<std::int64_t>(first)}, part).has_value());
        CHECK(std::ranges::equal(part, std::span(block.channels[c]).subspan(first, part.size())));
      }
    }
    std::int32_t one = 0;
    CHECK_FALSE((*record)->read(header.channels.size(), SampleIndex{0}, {&one, 1}).has_value());
    CHECK_FALSE(
        (*record)->read(0, SampleIndex{header.channels[0].sample_count}, {&one, 1}).has_value());
  }
}

TEST_CASE("a signal that is stored late is brought forward by its skew") {
  const Bytes data = to_bytes(std::string("\1\0\2\0\3\0\4\0\5\0\6\0\7\0\10\0", 16));
  const auto record = open_wfdb(bytes_of("r 2 1 4\nd 16 1 8\nd 16:2 1 8\n"), only_file(data));
  REQUIRE(record.has_value());
  CHECK(*read_channel(**record, 0) == std::vector<std::int32_t>{1, 3, 5, 7});
  CHECK(*read_channel(**record, 1) == std::vector<std::int32_t>{6, 8, -32768, -32768});
}

TEST_CASE("a variable layout places signals by name and leaves gaps") {
  const Bytes data = to_bytes(std::string("\1\0\2\0\3\0\4\0", 8));
  const std::map<std::string, std::string, std::less<>> headers{
      {"layout.hea", "layout 2 10 0\n~ 0 100/mV 12 0 0 0 0 II\n~ 0 50/mV 12 0 0 0 0 V\n"},
      {"a.hea", "a 1 10 2\nd 16 50/mV 12 0 0 0 0 V\n"},
      {"b.hea", "b 2 10 2\nd 16 50/mV 12 0 0 0 0 V\nd 16 50/mV 12 0 0 0 0 II\n"}};
  const auto files = [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    const auto found = headers.find(name);
    if (found != headers.end()) return memory_source(to_bytes(found->second));
    return view_source(data);
  };
  const auto record =
      open_wfdb(bytes_of("r/4 2 10 7\nlayout 0\na 2\n~ 3\nb 2\n"), ByteSourceResolver(files));
  REQUIRE(record.has_value());
  const std::int32_t none = missing_sample_default;
  CHECK(*read_channel(**record, 0) ==
        std::vector<std::int32_t>{none, none, none, none, none, 4, 8});  // 50 to 100 adu per mV
  CHECK(*read_channel(**record, 1) == std::vector<std::int32_t>{1, 2, none, none, none, 1, 3});
  CHECK((*record)->header().gaps == std::vector<TickSpan>{{Tick{2}, Tick{5}}});
  CHECK_FALSE((*record)->header().notes.empty());
}

TEST_CASE("a record written in format 16 or 212 is read as it was") {
  std::minstd_rand random(2);
  Bytes data(3 * 1001 * 2);
  for (std::size_t i = 0; i < data.size(); i += 2) {
    const auto value = static_cast<std::uint16_t>(static_cast<int>(random() % 4090) - 2045);
    data[i] = static_cast<std::byte>(value & 0xFFU);
    data[i + 1] = static_cast<std::byte>(value >> 8U);
  }
  const auto source = open_wfdb(
      bytes_of("r 2 100 1001\nd 16x2 200/mV 12 0 0 0 0 II\nd 16 10(5)/mmHg 12 0 0 0 0 ABP\n"),
      only_file(data));
  REQUIRE(source.has_value());
  for (const WfdbFormat format : {WfdbFormat::F16, WfdbFormat::F212}) {
    Bytes written;
    const auto header =
        write_wfdb(**source, {.record_name = "out", .format = format}, [&](ByteView bytes) {
          written.insert(written.end(), bytes.begin(), bytes.end());
          return Status{};
        });
    REQUIRE(header.has_value());
    CHECK(header->frame_rate == *Rate::of(100, 1));
    const auto again =
        open_wfdb(bytes_of(write_wfdb_header(*header)),
                  [&](std::string_view) -> Result<std::shared_ptr<const ByteSource>> {
                    return view_source(written);
                  });
    REQUIRE(again.has_value());
    CHECK((*again)->wrong_checksums()->empty());
    for (std::size_t c = 0; c < 2; ++c) {
      CHECK(*read_channel(**again, c) == *read_channel(**source, c));
      CHECK((*again)->header().channels[c].adu_per_unit ==
            (*source)->header().channels[c].adu_per_unit);
    }
  }
}

TEST_CASE("a record cut or flipped anywhere is refused or read, never a crash") {
  for (const std::string name : {"flacformats", "binformats"}) {
    const auto path = test::data_path(std::string("signals/wfdb/") + name + ".hea");
    if (!path) {
      MESSAGE("skipped: shared data absent");
      return;
    }
    const Bytes header = *read_all(**open_file_source(*path), 1U << 20U);
    const auto folder = path->parent_path();
    const auto try_with = [&](const Bytes& text, std::size_t cut, std::size_t flip) {
      const auto record = open_wfdb(
          text, [&](std::string_view file_name) -> Result<std::shared_ptr<const ByteSource>> {
            auto file = open_file_source(folder / file_name);
            if (!file) return std::unexpected(file.error());
            Bytes bytes = *read_all(**file, 1U << 20U);
            bytes.resize(bytes.size() - std::min(bytes.size(), cut));
            if (flip < bytes.size()) bytes[flip] ^= std::byte{0xA5};
            return memory_source(std::move(bytes));
          });
      if (!record) return;
      for (std::size_t c = 0; c < (*record)->header().channels.size(); ++c) {
        static_cast<void>(read_channel(**record, c, 100'000));
      }
    };
    for (std::size_t i = 0; i < header.size(); ++i) {
      Bytes text(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(i));
      try_with(text, 0, SIZE_MAX);
      text = header;
      text[i] ^= std::byte{0x11};
      try_with(text, 0, SIZE_MAX);
    }
    for (std::size_t i = 0; i < 1300; i += i < 128 ? 1 : 13) {
      try_with(header, i, SIZE_MAX);
      try_with(header, 0, i);
    }
  }
}

}  // namespace
}  // namespace consilium
