#include "transport/dimse/node_settings.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/byte_source.hpp"

namespace consilium::dimse {
namespace {

constexpr std::size_t file_size_max = 1U << 20U;
constexpr std::size_t ae_title_size_max = 16;

std::unexpected<Error> wrong(const YAML::Mark& mark, std::string what, std::string remedy = {}) {
  return fail(ErrorCode::InvalidInput, std::move(what),
              "line " + std::to_string(std::max(mark.line, 0) + 1), std::move(remedy));
}

Status only_members(const YAML::Node& map, const std::set<std::string>& known) {
  if (!map.IsMap()) return wrong(map.Mark(), "a list of members is expected");
  for (const auto& member : map) {
    const auto name = member.first.as<std::string>("");
    if (!known.contains(name)) {
      std::string names;
      for (const std::string& each : known) names += (names.empty() ? "" : ", ") + each;
      return wrong(member.first.Mark(), "unknown member " + name, "known are " + names);
    }
  }
  return {};
}

Result<std::string> ae_title_of(const YAML::Node& node) {
  const auto title = node.as<std::string>("");
  const bool is_sound = !title.empty() && title.size() <= ae_title_size_max &&
                        title.find('\\') == std::string::npos && title.front() != ' ' &&
                        title.back() != ' ';
  if (!is_sound) {
    return wrong(node.Mark(), "ae_title is not an application entity title",
                 "write 1 to 16 characters");
  }
  return title;
}

Result<Peer> peer_of(const YAML::Node& node) {
  CSL_TRY(only_members(node, {"ae_title", "address", "port", "project", "may"}));
  Peer peer;
  peer.ae_title = CSL_TRY(ae_title_of(node["ae_title"]));
  peer.address = node["address"].as<std::string>("");
  peer.port = node["port"].as<std::uint16_t>(0);
  peer.project = node["project"].as<std::string>("");
  if (peer.project.empty()) {
    return wrong(node.Mark(), "the peer " + peer.ae_title + " has no project",
                 "say by id or name which project its images go to");
  }
  const std::array<std::pair<std::string_view, bool Peer::*>, 5> rights{
      {{"store", &Peer::may_store},
       {"commit", &Peer::may_commit},
       {"find", &Peer::may_find},
       {"get", &Peer::may_get},
       {"move", &Peer::may_move}}};
  for (const auto& word : node["may"]) {
    const auto name = word.as<std::string>("");
    const auto* right = std::ranges::find(rights, std::string_view(name),
                                          &std::pair<std::string_view, bool Peer::*>::first);
    if (right == rights.end()) {
      return wrong(word.Mark(), "unknown right " + name,
                   "known are store, commit, find, get and move");
    }
    peer.*(right->second) = true;
  }
  return peer;
}

Status set_listen(const YAML::Node& node, NodeSettings& settings) {
  if (!node) return {};
  const auto listen = node.as<std::string>("");
  const std::size_t colon = listen.rfind(':');
  const std::string_view port =
      std::string_view(listen).substr(colon == std::string::npos ? 0 : colon + 1);
  const auto [end, problem] =
      std::from_chars(port.data(), port.data() + port.size(), settings.port);
  if (problem != std::errc{} || end != port.data() + port.size()) {
    return wrong(node.Mark(), "listen is not ADDRESS:PORT", "write listen: 127.0.0.1:11112");
  }
  if (colon != std::string::npos && colon > 0) settings.address = listen.substr(0, colon);
  return {};
}

Result<NodeSettings> settings_of(const YAML::Node& root, const std::filesystem::path& folder) {
  CSL_TRY(only_members(root, {"ae_title", "listen", "plain_text", "certificate", "key",
                              "peer_certificates", "peers"}));
  NodeSettings settings;
  if (root["ae_title"]) settings.ae_title = CSL_TRY(ae_title_of(root["ae_title"]));
  CSL_TRY(set_listen(root["listen"], settings));
  settings.allows_plain_text = root["plain_text"].as<bool>(false);
  const auto path_of = [&](const char* name) -> std::filesystem::path {
    const auto text = root[name].as<std::string>("");
    return text.empty() ? std::filesystem::path() : folder / text;
  };
  settings.certificate = path_of("certificate");
  settings.key = path_of("key");
  settings.peer_certificates = path_of("peer_certificates");
  std::set<std::string> titles;
  for (const YAML::Node& node : root["peers"]) {
    settings.peers.push_back(CSL_TRY(peer_of(node)));
    if (!titles.insert(settings.peers.back().ae_title).second) {
      return wrong(node.Mark(), "two peers are called " + settings.peers.back().ae_title);
    }
  }
  if (settings.peers.empty()) {
    return wrong(root.Mark(), "no peer may connect", "list at least one under peers");
  }
  const bool is_here = settings.address.starts_with("127.") || settings.address == "::1";
  const bool has_tls = !settings.certificate.empty() && !settings.key.empty();
  if (!is_here && !has_tls && !settings.allows_plain_text) {
    return wrong(root.Mark(), "other machines would send patients' images unencrypted",
                 "give certificate and key, or say plain_text: true where the network is trusted");
  }
  return settings;
}

}  // namespace

Result<NodeSettings> read_node_settings(const std::filesystem::path& file) {
  const auto source = CSL_TRY(open_file_source(file));
  const Bytes bytes = CSL_TRY(read_all(*source, file_size_max));
  try {
    const YAML::Node root =
        YAML::Load(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    return settings_of(root, file.parent_path());
  } catch (const YAML::Exception& problem) {
    return wrong(problem.mark, "the file is not YAML as expected: " + problem.msg);
  }
}

}  // namespace consilium::dimse
