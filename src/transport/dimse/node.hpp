// The DICOM node: listens for peers and gives each connection to a confined process of its own
// (dimse/process.hpp), whose questions it answers.
#pragma once

#include <filesystem>
#include <memory>

#include "domain/identity/ids.hpp"
#include "service/dicomweb/dicomweb.hpp"
#include "service/intake/dicom_inbox.hpp"
#include "transport/dimse/node_settings.hpp"

namespace consilium::dimse {

struct NodeTools {
  service::DicomInbox& inbox;
  service::DicomWeb& web;
  // Of a peer's project. Errors: NotFound.
  std::function<Result<ProjectId>(const std::string& name)> project_named;
  std::filesystem::path program = "/proc/self/exe";
};

class Node {
 public:
  // Listens on return. Errors: Unavailable when the address cannot be had or the helper process
  // cannot be started (a wrong certificate, no seccomp); NotFound when a peer's project is not
  // there.
  [[nodiscard]] static Result<std::unique_ptr<Node>> start(NodeSettings settings, NodeTools tools);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  // Ends all associations; what was received is kept.
  ~Node();
  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit Node(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace consilium::dimse
