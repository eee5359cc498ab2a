#include "transport/dimse/query_desk.hpp"

#include <set>

#include "dimse/status.hpp"

namespace consilium::dimse {
namespace {

constexpr std::string_view explicit_little_endian = "1.2.840.10008.1.2.1";
constexpr std::string_view implicit_little_endian = "1.2.840.10008.1.2";
constexpr std::size_t context_count_max = 128;

std::uint32_t status_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::InvalidInput:
    case ErrorCode::Corrupt:
      return status::does_not_match_class;
    case ErrorCode::Forbidden:
      return status::not_authorized;
    case ErrorCode::NoSpace:
    case ErrorCode::Unavailable:
      return status::out_of_resources;
    default:
      return status::cannot_understand;
  }
}

Message reply(std::uint32_t status, std::vector<std::string> words = {}) {
  return {.op = Op::Reply, .status = status, .words = std::move(words), .body = {}};
}

Message object_message(const FoundInstance& instance, FetchedObject object) {
  return {.op = Op::Reply,
          .status = status::success,
          .words = {instance.sop_class_uid, instance.instance_uid, object.transfer_syntax_uid},
          .body = std::move(object.dataset)};
}

// What is proposed for sending: each class in the syntax its objects are kept in, and in those that
// everybody reads.
std::vector<std::string> contexts_for(std::span<const FoundInstance> instances) {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const FoundInstance& each : instances) {
    pairs.emplace(each.sop_class_uid, each.transfer_syntax_uid);
    pairs.emplace(each.sop_class_uid, explicit_little_endian);
    pairs.emplace(each.sop_class_uid, implicit_little_endian);
  }
  std::vector<std::string> words;
  for (const auto& [sop_class, syntax] : pairs) {
    if (words.size() / 2 < context_count_max) words.insert(words.end(), {sop_class, syntax});
  }
  return words;
}

}  // namespace

bool QueryDesk::answer(int channel, const Message& question, bool& is_broken) {
  switch (question.op) {
    case Op::Find:
      is_broken = !find(channel, question);
      return true;
    case Op::Retrieve:
      is_broken = !retrieve(channel, question);
      return true;
    case Op::Fetch:
      is_broken = !fetch(channel, question);
      return true;
    case Op::Move:
      is_broken = !move(channel, question);
      return true;
    default:
      return false;
  }
}

bool QueryDesk::find(int channel, const Message& question) const {
  if (!peer_.may_find || question.words.size() != 2)
    return send(channel, reply(status::not_authorized));
  auto matches = directory_.find(question.words[0], question.body, question.words[1]);
  if (!matches) return send(channel, reply(status_of(matches.error())));
  for (Bytes& match : *matches) {
    const Message pending{
        .op = Op::Pending, .status = status::success, .words = {}, .body = std::move(match)};
    if (!send(channel, pending)) return false;
  }
  return send(channel, reply(status::success));
}

bool QueryDesk::retrieve(int channel, const Message& question) {
  if (!peer_.may_get || question.words.size() != 2)
    return send(channel, reply(status::not_authorized));
  const auto instances = directory_.instances(question.words[0], question.body, question.words[1]);
  if (!instances) return send(channel, reply(status_of(instances.error())));
  found_.clear();
  for (const FoundInstance& each : *instances) {
    found_.emplace(each.instance_uid, each);
    const Message pending{
        .op = Op::Pending,
        .status = status::success,
        .words = {each.sop_class_uid, each.instance_uid, each.transfer_syntax_uid},
        .body = {}};
    if (!send(channel, pending)) return false;
  }
  return send(channel, reply(status::success));
}

bool QueryDesk::fetch(int channel, const Message& question) {
  const auto found = question.words.size() == 2 ? found_.find(question.words[0]) : found_.end();
  if (found == found_.end()) return send(channel, reply(status::not_authorized));
  auto object = directory_.fetch(found->second, question.words[1]);
  if (!object) return send(channel, reply(status_of(object.error())));
  return send(channel, object_message(found->second, std::move(*object)));
}

bool QueryDesk::move(int channel, const Message& question) const {
  if (!peer_.may_move || question.words.size() != 3)
    return send(channel, reply(status::not_authorized));
  const std::optional<Peer> destination = find_peer_(question.words[2]);
  if (!destination) return send(channel, reply(status::unknown_destination));
  const auto instances = directory_.instances(question.words[0], question.body, question.words[1]);
  if (!instances) return send(channel, reply(status_of(instances.error())));
  Counts counts{.remaining = instances->size()};
  const auto words = [](const Counts& now) {
    return std::vector<std::string>{std::to_string(now.remaining), std::to_string(now.completed),
                                    std::to_string(now.failed), std::to_string(now.warning)};
  };
  bool is_channel_sound = true;
  const auto tell = [&](const Counts& now) {
    is_channel_sound = send(
        channel, {.op = Op::Pending, .status = status::success, .words = words(now), .body = {}});
    return is_channel_sound;
  };
  if (!instances->empty() && !send_to(*destination, *instances, counts, tell)) {
    counts.failed += counts.remaining;  // the destination did not take the rest
    counts.remaining = 0;
  }
  if (!is_channel_sound) return false;
  return send(channel,
              reply(counts.failed > 0 ? status::sub_operations_with_failures : status::success,
                    words(counts)));
}

// False when the destination could not be reached, or went before the end.
bool QueryDesk::send_to(const Peer& destination, std::span<const FoundInstance> instances,
                        Counts& counts, const std::function<bool(const Counts&)>& tell) const {
  auto helper = start_sender_();
  if (!helper) return false;
  Message begin{.op = Op::Begin,
                .status = status::success,
                .words = {our_ae_title_, destination.ae_title,
                          destination.address + ":" + std::to_string(destination.port)},
                .body = {}};
  const std::vector<std::string> contexts = contexts_for(instances);
  begin.words.insert(begin.words.end(), contexts.begin(), contexts.end());
  if (!send(helper->socket(), begin)) return false;

  std::size_t next = 0;       // of `instances`
  bool is_plain = false;      // whether the object under way goes uncompressed
  bool has_one_sent = false;  // so that the next question tells what became of it
  for (Message question; receive(helper->socket(), question) && question.op == Op::Next;) {
    if (has_one_sent && question.status == status::unknown_class && !is_plain) {
      is_plain = true;  // the destination does not take it as it is kept
    } else if (has_one_sent) {
      --counts.remaining;
      const bool is_warning = status::is_warning(question.status);
      ++(question.status == status::success ? counts.completed
         : is_warning                       ? counts.warning
                                            : counts.failed);
      is_plain = false;
      ++next;
      if (counts.remaining > 0 && !tell(counts)) return false;
    }
    // What cannot be read is counted and passed over.
    Result<FetchedObject> object = fail(ErrorCode::NotFound, "nothing is left");
    for (; next < instances.size() && !object; next += object ? 0 : 1) {
      object = directory_.fetch(instances[next],
                                is_plain ? explicit_little_endian
                                         : std::string_view(instances[next].transfer_syntax_uid));
      if (!object) {
        --counts.remaining;
        ++counts.failed;
      }
    }
    has_one_sent = object.has_value();
    if (!send(helper->socket(), object ? object_message(instances[next], std::move(*object))
                                       : reply(status::success))) {
      return false;
    }
    if (!object) return true;
  }
  return false;
}

}  // namespace consilium::dimse
