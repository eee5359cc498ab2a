// What the model of beat classes is worth on patients it has not seen: each record's beats are
// classed by a model trained on the others, at the cardiologists' places; then with labels of the
// record itself added, its clusters' middles first.
//
// usage: csl_class_study MITDB_FOLDER [LEAD]. Paced records are left out (EC57). Prints sensitivity
// and positive predictivity by class over all beats
// (of V without fusion beats, as EC57 counts), and the share of beats that is right by
// clicks.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "analysis/beat_classes/beat_class_model.hpp"
#include "analysis/beat_classes/patient_labels.hpp"
#include "analysis/beat_clusters/beat_clusters.hpp"
#include "base/byte_source.hpp"
#include "format/wfdb/wfdb_annotations.hpp"
#include "format/wfdb/wfdb_record.hpp"

using namespace consilium;
namespace fs = std::filesystem;

namespace {

struct Patient {
  std::string name;
  BeatFeatures features;
  LabelledBeats beats;
};

Result<Patient> read_patient(const fs::path& header, int lead) {
  Patient out{.name = header.stem().string(), .features = {}, .beats = {}};
  const auto marks = CSL_TRY(open_file_source(fs::path(header).replace_extension(".atr")));
  std::vector<std::int64_t> places;
  const MitAnnotations read = CSL_TRY(read_mit_annotations(CSL_TRY(read_all(*marks, 1U << 24U))));
  for (const MitAnnotation& mark : read.annotations) {
    const auto code = static_cast<MitCode>(mark.code);
    if (!is_beat(code) || code == MitCode::FlutterWave) continue;  // EC57: flutter is left out
    places.push_back(mark.time);
    out.beats.classes.push_back(beat_class_of(code));
  }
  const auto beside = [&](std::string_view name) -> Result<std::shared_ptr<const ByteSource>> {
    return open_file_source(header.parent_path() / name);
  };
  const auto text = CSL_TRY(open_file_source(header));
  const auto source = CSL_TRY(open_wfdb(CSL_TRY(read_all(*text, wfdb_header_size_max)), beside));
  const auto& channels = source->header().channels;
  std::vector<std::vector<float>> leads;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    if (lead >= 0 && static_cast<std::size_t>(lead) != c) continue;
    std::vector<float>& samples = leads.emplace_back();
    for (const std::int32_t sample : CSL_TRY(read_channel(*source, c))) {
      samples.push_back(static_cast<float>(physical_value(channels[c], sample)));
    }
  }
  std::vector<float> shapes;
  const double rate_hz = channels[0].rate.hz();
  for (const std::int64_t at : places) {
    for (const auto& samples : leads) append_beat_shape(samples, 0, rate_hz, at, shapes);
  }
  out.features = beat_features(shapes, leads.size(), beat_intervals(places));
  out.beats.traits = CSL_TRY(beat_traits(out.features, leads.size(), places, rate_hz));
  return out;
}

using Confusion = std::array<std::array<std::uint64_t, beat_class_count>, beat_class_count>;

void count(const Patient& patient, std::span<const BeatClassShares> said, Confusion& confusion) {
  for (std::size_t b = 0; b < said.size(); ++b) {
    const auto truth = static_cast<std::size_t>(patient.beats.classes[b]);
    ++confusion[truth][static_cast<std::size_t>(likeliest(said[b]))];
  }
}

void print(const std::string& title, const Confusion& confusion) {
  std::uint64_t right = 0;
  std::uint64_t all = 0;
  std::string text;
  for (std::size_t k = 0; k < beat_class_count; ++k) {
    std::uint64_t there = 0;
    std::uint64_t said = 0;
    for (std::size_t o = 0; o < beat_class_count; ++o) {
      there += confusion[k][o];
      said += confusion[o][k];
    }
    // EC57: a fusion beat called ventricular is no false one.
    if (k == 2) said -= confusion[3][2];
    right += confusion[k][k];
    all += there;
    const auto share = [&](std::uint64_t of) {
      return 100.0 * static_cast<double>(confusion[k][k]) /
             static_cast<double>(std::max<std::uint64_t>(1, of));
    };
    text += fmt::format("  {} {:.1f}/{:.1f}", beat_class_names[k], share(there), share(said));
  }
  fmt::print(
      "{:24} {:.2f} % right; Se/+P:{}\n", title,
      100.0 * static_cast<double>(right) / static_cast<double>(std::max<std::uint64_t>(1, all)),
      text);
}

}  // namespace

int main(int count_of_arguments, char** arguments) {
  if (count_of_arguments < 2) return 2;
  // One lead, or with "-1" all.
  const int lead = count_of_arguments > 2 ? std::atoi(arguments[2]) : -1;
  const std::vector<std::string> paced{"102", "104", "107", "217"};
  std::vector<fs::path> headers;
  for (const auto& entry : fs::directory_iterator(arguments[1])) {
    if (entry.path().extension() == ".hea" &&
        std::ranges::find(paced, entry.path().stem().string()) == paced.end()) {
      headers.push_back(entry.path());
    }
  }
  std::ranges::sort(headers);
  std::vector<Patient> patients;
  for (const fs::path& header : headers) {
    auto patient = read_patient(header, lead);
    if (patient) patients.push_back(std::move(*patient));
  }
  Confusion alone{};
  constexpr std::array<std::size_t, 3> clicks{6, 12, 25};
  std::array<Confusion, clicks.size()> helped{};
  for (std::size_t p = 0; p < patients.size(); ++p) {
    std::vector<LabelledBeats> others;
    for (std::size_t o = 0; o < patients.size(); ++o) {
      if (o != p) others.push_back(patients[o].beats);
    }
    const auto model = BeatClassModel::train(others);
    if (!model) return 1;
    const auto said = model->classify(patients[p].beats.traits);
    Confusion here{};
    count(patients[p], said, here);
    count(patients[p], said, alone);
    print(patients[p].name, here);
    for (std::size_t c = 0; c < clicks.size(); ++c) {
      const auto clusters = cluster_beats(patients[p].features, clicks[c]);
      if (!clusters) return 1;
      std::vector<BeatLabel> labels;
      for (const BeatCluster& cluster : clusters->clusters) {
        labels.push_back(
            {cluster.representative, patients[p].beats.classes[cluster.representative]});
      }
      const auto bent = with_labels(patients[p].features, said, labels);
      if (!bent) return 1;
      count(patients[p], *bent, helped[c]);
    }
    std::fflush(stdout);
  }
  print("no click", alone);
  for (std::size_t c = 0; c < clicks.size(); ++c) {
    print(fmt::format("{} clicks a record", clicks[c]), helped[c]);
  }
  return 0;
}
