#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstring>
#include <iterator>

#include "analysis/mask_consensus/multi_label_staple.hpp"
#include "analysis/mask_consensus/staple.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/cli_panel/label_volume.hpp"
#include "transport/cli_panel/panel.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

struct MaskAnswer {
  json::object json;
  std::string text;
  NiftiVolume volume;
};

template <class Sample>
Bytes bytes_of_samples(const std::vector<Sample>& samples) {
  Bytes bytes(samples.size() * sizeof(Sample));
  std::memcpy(bytes.data(), samples.data(), bytes.size());
  return bytes;
}

// The labels that occur in any volume, ascending, without 0.
std::vector<std::uint16_t> labels_in(const std::vector<LabelVolume>& volumes) {
  std::vector<std::uint8_t> is_there(65'536);
  for (const LabelVolume& volume : volumes) {
    for (const std::uint16_t label : volume.labels) is_there[label] = 1;
  }
  std::vector<std::uint16_t> labels;
  for (std::size_t label = 1; label < is_there.size(); ++label) {
    if (is_there[label] != 0) labels.push_back(static_cast<std::uint16_t>(label));
  }
  return labels;
}

void set_labels(NiftiVolume& volume, const std::vector<std::uint16_t>& labels) {
  const bool is_small =
      std::ranges::all_of(labels, [](std::uint16_t label) { return label < 256; });
  if (is_small) {
    volume.sample_type = SampleType::U8;
    volume.samples = bytes_of_samples(std::vector<std::uint8_t>(labels.begin(), labels.end()));
  } else {
    volume.sample_type = SampleType::U16;
    volume.samples = bytes_of_samples(labels);
  }
}

Result<VotePatterns> binary_votes(const std::vector<LabelVolume>& volumes, unsigned threads) {
  std::vector<std::vector<std::uint8_t>> masks;
  for (const LabelVolume& volume : volumes) {
    std::vector<std::uint8_t> mask(volume.labels.size());
    std::ranges::transform(volume.labels, mask.begin(), [](std::uint16_t label) {
      return static_cast<std::uint8_t>(label != 0 ? 1 : 0);
    });
    masks.push_back(std::move(mask));
  }
  const std::vector<std::span<const std::uint8_t>> views(masks.begin(), masks.end());
  return binary_patterns(views, threads);
}

Result<MaskAnswer> binary_panel(const std::vector<LabelVolume>& volumes, std::uint16_t label,
                                const PanelCommand& command) {
  StapleSettings settings;
  settings.prior = command.prior_mode == "estimated" ? StaplePrior::Estimated : StaplePrior::Fixed;
  if (command.iteration_max) settings.iterations_max = static_cast<int>(*command.iteration_max);
  settings.tolerance = command.tolerance.value_or(settings.tolerance);
  const VotePatterns patterns = CSL_TRY(binary_votes(volumes, command.threads));
  const StapleResult found = CSL_TRY(staple(patterns, settings));
  MaskAnswer answer;
  json::array raters;
  for (std::size_t r = 0; r < volumes.size(); ++r) {
    raters.push_back(json::object{{"rater", command.inputs[r].string()},
                                  {"sensitivity", number_json(found.sensitivity[r])},
                                  {"specificity", number_json(found.specificity[r])}});
    fmt::format_to(std::back_inserter(answer.text), "{}: sensitivity {}, specificity {}\n",
                   command.inputs[r].string(), number_text(found.sensitivity[r]),
                   number_text(found.specificity[r], 6));
  }
  answer.json = json::object{
      {"method", "staple"},
      {"kind", "binary"},
      {"prior", command.prior_mode},
      {"foreground_prior", found.foreground_prior},
      {"iterations", found.iterations},
      {"converged", found.converged},
      {"log_likelihood", found.log_likelihood.empty() ? json::value(nullptr)
                                                      : json::value(found.log_likelihood.back())},
      {"raters", std::move(raters)}};
  answer.volume = volumes.front().volume;
  answer.volume.slope = 1;
  answer.volume.intercept = 0;
  const std::size_t voxels = volumes.front().labels.size();
  if (command.posteriors) {
    std::vector<float> probability(voxels);
    CSL_TRY(write_probability(patterns, found, probability, command.threads));
    answer.volume.sample_type = SampleType::F32;
    answer.volume.samples = bytes_of_samples(probability);
    answer.volume.labels = {};
    return answer;
  }
  std::vector<std::uint16_t> of_pattern;
  for (const double w : found.foreground_probability) {
    of_pattern.push_back(w > 0.5 ? label : std::uint16_t{0});
  }
  std::vector<std::uint16_t> consensus(voxels);
  CSL_TRY(write_by_pattern(patterns, of_pattern, std::span(consensus), command.threads));
  set_labels(answer.volume, consensus);
  return answer;
}

json::array label_shares(const MultiLabelStapleResult& found, std::size_t rater) {
  json::array out;
  const std::size_t count = found.labels.size();
  for (std::size_t l = 0; l < count; ++l) {
    out.push_back(json::object{{"label", found.labels[l]},
                               {"sensitivity", found.confusion[rater][l * count + l]}});
  }
  return out;
}

Result<MaskAnswer> label_panel(const std::vector<LabelVolume>& volumes,
                               const PanelCommand& command) {
  if (command.prior_mode == "estimated" || command.posteriors) {
    return fail(ErrorCode::InvalidInput,
                "with several labels the prior is fixed, and there are no posteriors", {},
                "leave --prior-mode and --posteriors out, or give masks of one label");
  }
  MultiLabelStapleSettings settings;
  if (command.iteration_max) settings.iterations_max = static_cast<int>(*command.iteration_max);
  settings.tolerance = command.tolerance.value_or(settings.tolerance);
  std::vector<std::span<const std::uint16_t>> views;
  views.reserve(volumes.size());
  for (const LabelVolume& volume : volumes) views.emplace_back(volume.labels);
  const VotePatterns patterns = CSL_TRY(label_patterns(views));
  const MultiLabelStapleResult found = CSL_TRY(multi_label_staple(patterns, settings));
  MaskAnswer answer;
  json::array raters;
  for (std::size_t r = 0; r < volumes.size(); ++r) {
    raters.push_back(
        json::object{{"rater", command.inputs[r].string()}, {"labels", label_shares(found, r)}});
    answer.text += command.inputs[r].string() + ": sensitivity";
    for (std::size_t l = 0; l < found.labels.size(); ++l) {
      fmt::format_to(std::back_inserter(answer.text), "{} {} {:.4f}", l == 0 ? "" : ",",
                     found.labels[l], found.confusion[r][l * found.labels.size() + l]);
    }
    answer.text += '\n';
  }
  std::vector<std::uint16_t> consensus(volumes.front().labels.size());
  CSL_TRY(
      write_by_pattern(patterns, found.label_of_pattern, std::span(consensus), command.threads));
  const auto undecided = std::ranges::count(consensus, found.undecided);
  answer.json = json::object{{"method", "staple"},
                             {"kind", "labels"},
                             {"prior", "fixed"},
                             {"iterations", found.iterations},
                             {"converged", found.converged},
                             {"undecided_label", found.undecided},
                             {"undecided_voxels", undecided},
                             {"raters", std::move(raters)}};
  fmt::format_to(std::back_inserter(answer.text), "{} voxels are undecided (label {})\n", undecided,
                 found.undecided);
  answer.volume = volumes.front().volume;
  answer.volume.slope = 1;
  answer.volume.intercept = 0;
  set_labels(answer.volume, consensus);
  return answer;
}

}  // namespace

Result<int> panel_on_masks(const PanelCommand& command) {
  if (command.inputs.size() < 2) {
    return fail(ErrorCode::InvalidInput, "there is only one rater", command.inputs.front().string(),
                "give each rater's mask as a NIfTI file");
  }
  std::vector<LabelVolume> volumes;
  for (const std::filesystem::path& path : command.inputs) {
    volumes.push_back(CSL_TRY(read_label_volume(path)));
    CSL_TRY(check_same_grid(volumes.front(), command.inputs.front(), volumes.back(), path));
  }
  const std::vector<std::uint16_t> labels = labels_in(volumes);
  if (labels.empty()) {
    return fail(ErrorCode::InvalidInput, "all masks are empty", command.inputs.front().string(),
                "nothing can be estimated from them");
  }
  const MaskAnswer answer =
      CSL_TRY(labels.size() == 1 ? binary_panel(volumes, labels.front(), command)
                                 : label_panel(volumes, command));
  auto out = CSL_TRY(create_output(command.out));
  auto raters = CSL_TRY(create_output(command.raters));
  if (out) {
    const bool is_packed = command.out.extension() == ".gz";
    out->write(text_of(
        CSL_TRY(write_nifti(answer.volume, is_packed ? NiftiPacking::Gzip : NiftiPacking::Plain))));
  }
  if (raters) raters->write(json::serialize(answer.json) + "\n");
  CSL_TRY(commit(out));
  CSL_TRY(commit(raters));
  fmt::print("{}", command.json ? json::serialize(answer.json) + "\n"
                                : fmt::format("staple: {} raters, {} voxels\n{}", volumes.size(),
                                              volumes.front().labels.size(), answer.text));
  return 0;
}

}  // namespace consilium::cli
