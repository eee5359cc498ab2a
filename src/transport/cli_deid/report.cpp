#include "transport/cli_deid/report.hpp"

#include <sodium.h>

#include <boost/json.hpp>
#include <map>

#include "base/canonical_json.hpp"
#include "base/check.hpp"

namespace consilium::cli {
namespace json = boost::json;

namespace {

// Places by what was done there and why: most of an object's actions share a rule.
json::array actions_of(const std::vector<DeidStep>& steps) {
  std::map<std::pair<std::string, char>, json::array> by_rule;
  for (const DeidStep& step : steps) {
    by_rule[{step.rule, letter_of(step.action)}].emplace_back(step.place);
  }
  json::array actions;
  for (auto& [rule, places] : by_rule) {
    actions.push_back({{"action", std::string(1, rule.second)},
                       {"rule", rule.first},
                       {"places", std::move(places)}});
  }
  return actions;
}

json::object file_of(const DeidOutcome& outcome) {
  json::object file{{"number", outcome.number}, {"kind", outcome.kind}};
  if (outcome.out.empty()) {
    file["result"] = "held back";
    file["reason"] = outcome.reason.what;
    file["where"] = outcome.reason.where;
    file["remedy"] = outcome.reason.remedy;
    return file;
  }
  file["result"] = "released";
  file["out"] = outcome.out;
  file["sha256"] = outcome.sha256;
  if (!outcome.patient.empty()) file["patient"] = outcome.patient;
  file["actions"] = actions_of(outcome.steps);
  return file;
}

json::object head_of(const DeidProfile& profile, const DeidSummary& summary, Timestamp at) {
  json::array options;
  for (std::size_t i = 0; i < deid_option_count; ++i) {
    if (profile.options[i]) options.emplace_back(name_of(static_cast<DeidOption>(i)));
  }
  if (profile.clean_pixel) options.emplace_back("clean-pixel");
  if (profile.retain_burned_in) options.emplace_back("retain-burned-in");
  return {{"software", "Consilium"},
          {"profile", profile.name},
          {"options", options},
          {"table", "PS3.15 Table E.1-1, " + DeidRules::standard().edition()},
          {"at", to_rfc3339(at)},
          {"released", summary.released},
          {"held_back", summary.held_back},
          {"patients", summary.patients},
          {"actions", summary.actions},
          {"leak_check", summary.leak_bound}};
}

unsigned char* raw(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
const unsigned char* raw(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

json::object signature_of(std::string_view text, const DeidKey& key) {
  CSL_CHECK(sodium_init() >= 0);
  Bytes public_key(crypto_sign_PUBLICKEYBYTES);
  Bytes secret(crypto_sign_SECRETKEYBYTES);
  Bytes signature(crypto_sign_BYTES);
  const Bytes seed = key.signing_seed();
  CSL_CHECK(crypto_sign_seed_keypair(raw(public_key), raw(secret), raw(ByteView(seed))) == 0);
  CSL_CHECK(crypto_sign_detached(raw(signature), nullptr, raw(bytes_of(text)), text.size(),
                                 raw(ByteView(secret))) == 0);
  sodium_memzero(secret.data(), secret.size());
  return {
      {"algorithm", "Ed25519"}, {"public_key", to_hex(public_key)}, {"value", to_hex(signature)}};
}

}  // namespace

Result<std::string> deid_report(const DeidProfile& profile, const DeidKey& key,
                                const std::vector<DeidOutcome>& outcomes,
                                const DeidSummary& summary, Timestamp at) {
  json::array files;
  for (const DeidOutcome& outcome : outcomes) files.push_back(file_of(outcome));
  json::object document{{"report", head_of(profile, summary, at)}, {"files", std::move(files)}};
  const std::string text = CSL_TRY(canonical_json(document));
  document["signature"] = signature_of(text, key);
  return CSL_TRY(canonical_json(document)) + "\n";
}

}  // namespace consilium::cli
