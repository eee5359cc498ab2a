#include "transport/dimse/desk.hpp"

#include <algorithm>

#include "dimse/status.hpp"

namespace consilium::dimse {
namespace {

Message reply(std::uint32_t status, std::string comment = {}) {
  Message message{.op = Op::Reply, .status = status, .words = {}, .body = {}};
  if (!comment.empty()) message.words.push_back(std::move(comment));
  return message;
}

std::uint32_t store_status(const Error& error) {
  switch (error.code) {
    case ErrorCode::Conflict:
      return status::duplicate_instance;
    case ErrorCode::InvalidInput:
      return status::does_not_match_class;
    case ErrorCode::NoSpace:
    case ErrorCode::Unavailable:
    case ErrorCode::TooLarge:
      return status::out_of_resources;
    case ErrorCode::Forbidden:
    case ErrorCode::NotFound:
      return status::not_authorized;
    default:
      return status::cannot_understand;
  }
}

}  // namespace

Desk::~Desk() {
  if (peer_ == nullptr) return;
  static_cast<void>(office_.inbox.flush(batch_));  // what fails goes on at the next start
  for (const auto& claim : claims_) {
    std::vector<std::string> words = claim->abandon();
    if (!words.empty()) office_.clerk.report_later(peer_->settings, std::move(words));
  }
}

Message Desk::open(const Message& question) {
  const auto refuse = [](Admission admission) {
    return reply(static_cast<std::uint32_t>(admission));
  };
  if (question.words.size() != 2) return refuse(Admission::UnknownCaller);
  if (question.words[1] != office_.ae_title) return refuse(Admission::UnknownCalled);
  const auto found = std::ranges::find_if(office_.peers, [&](const KnownPeer& peer) {
    return peer.settings.ae_title == question.words[0] &&
           (peer.settings.address.empty() || peer.settings.address == peer_address_);
  });
  if (found == office_.peers.end()) return refuse(Admission::UnknownCaller);
  peer_ = &*found;
  batch_.access = service::operator_access();
  batch_.access.origin = "DICOM " + peer_->settings.ae_title + " at " + peer_address_;
  batch_.project = peer_->project;
  const auto find_peer = [this](const std::string& ae_title) -> std::optional<Peer> {
    for (const KnownPeer& each : office_.peers) {
      const Peer& peer = each.settings;
      const bool is_reachable = !peer.address.empty() && peer.port != 0;
      if (peer.ae_title == ae_title && is_reachable && each.project == peer_->project) return peer;
    }
    return std::nullopt;
  };
  queries_.emplace(Directory(office_.web, batch_.access, peer_->project), peer_->settings,
                   office_.ae_title, office_.start_sender, find_peer);
  return refuse(Admission::Welcome);
}

Message Desk::store(const Message& question) {
  if (peer_ == nullptr || !peer_->settings.may_store || question.words.size() != 3) {
    return reply(status::not_authorized, "this application entity may not store");
  }
  const Status kept = office_.inbox.add(batch_, {.sop_class_uid = question.words[0],
                                                 .sop_instance_uid = question.words[1],
                                                 .transfer_syntax_uid = question.words[2],
                                                 .dataset = question.body});
  return kept ? reply(status::success) : reply(store_status(kept.error()), kept.error().what);
}

Message Desk::commit(const Message& question) {
  if (peer_ == nullptr || !peer_->settings.may_commit || question.words.size() < 3) {
    return reply(status::not_authorized);
  }
  if (!office_.inbox.flush(batch_)) return reply(status::out_of_resources);
  claims_.push_back(office_.clerk.check(peer_->settings, question.words));
  return reply(status::success);
}

Message Desk::report() {
  for (auto at = claims_.begin(); at != claims_.end(); ++at) {
    std::vector<std::string> words = (*at)->take();
    if (words.empty()) continue;
    claims_.erase(at);
    return {.op = Op::Reply, .status = status::success, .words = std::move(words), .body = {}};
  }
  return reply(status::success);
}

Message Desk::answer(const Message& question) {
  switch (question.op) {
    case Op::Open:
      return open(question);
    case Op::Store:
      return store(question);
    case Op::Commit:
      return commit(question);
    case Op::Reports:
      return report();
    default:
      return reply(status::not_authorized);
  }
}

void Desk::serve(int channel) {
  for (Message question; receive(channel, question);) {
    bool is_broken = false;
    if (queries_ && queries_->answer(channel, question, is_broken)) {
      if (is_broken) return;
      continue;
    }
    if (!send(channel, answer(question))) return;
  }
}

}  // namespace consilium::dimse
