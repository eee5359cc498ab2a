// The two kinds of agreement behind agree_command: of classes and of measured values.
#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/agreement/agreement_model.hpp"
#include "format/vote_csv/vote_csv.hpp"
#include "transport/cli_panel/panel_commands.hpp"

namespace consilium::cli {

// One metric's answer: members of its JSON object, and lines for reading.
struct MetricAnswer {
  boost::json::object& json;
  std::string& text;
};

// "icc1" ... "icc3k", "bland-altman": metrics of measured values.
[[nodiscard]] std::span<const std::string_view> measured_metrics();
[[nodiscard]] bool is_measured_metric(std::string_view name);

// A coefficient with the intervals that the command asks for: as published or by clusters, and
// bootstrapped. `cluster` is empty or one an item of the model.
// Errors: those of the engine, above all that the coefficient is undefined, with the reason.
[[nodiscard]] Status answer_coefficient(std::string_view name, const AgreementModel& model,
                                        std::span<const std::uint32_t> cluster,
                                        const AgreeCommand& command, MetricAnswer answer);
[[nodiscard]] Status answer_bootstrap(const AgreementModel& model,
                                      std::span<const std::uint32_t> cluster,
                                      const AgreeCommand& command, MetricAnswer answer);

// Whether --weights is the name of a file and not of a kind of weights.
[[nodiscard]] bool is_weight_file(std::string_view weights);

// `own_weights` are classes x classes where --weights is a file, else empty.
// Errors: those of the coefficient; InvalidInput when two raters have to be chosen by --pair.
[[nodiscard]] Status answer_class_metric(const VoteFile& file, std::string_view metric,
                                         std::span<const double> own_weights,
                                         const AgreeCommand& command, MetricAnswer answer);
[[nodiscard]] Status answer_measured_metric(const MeasurementFile& file, std::string_view metric,
                                            const AgreeCommand& command, MetricAnswer answer);

// The numbers of the two raters of --pair; of the only two raters when none is given.
// Errors: InvalidInput when there are more and none is given, or one of the names has no vote.
[[nodiscard]] Result<std::pair<RaterIndex, RaterIndex>> chosen_pair(const NameTable& raters,
                                                                    const AgreeCommand& command);

}  // namespace consilium::cli
