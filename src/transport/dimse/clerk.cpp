#include "transport/dimse/clerk.hpp"

#include <chrono>

namespace consilium::dimse {
namespace {

// Failure reasons of PS3.4 J.3.3.1.3 and PS3.3 C.14.1.1, in decimal.
constexpr std::string_view processing_failure = "272";       // 0110H
constexpr std::string_view no_such_object = "274";           // 0112H
constexpr std::string_view class_instance_conflict = "281";  // 0119H

constexpr std::chrono::milliseconds settle_poll{50};
constexpr std::chrono::minutes settle_wait_max{30};

std::string_view reason_of(service::Commitment commitment) {
  switch (commitment) {
    case service::Commitment::NotThere:
      return no_such_object;
    case service::Commitment::OtherClass:
      return class_instance_conflict;
    default:
      return processing_failure;
  }
}

std::vector<std::string> report_on(service::DicomInbox& inbox,
                                   const std::vector<std::string>& references) {
  std::vector<std::string> good;
  std::vector<std::string> bad;
  for (std::size_t i = 1; i + 1 < references.size(); i += 2) {
    const auto outcome = inbox.check(references[i], references[i + 1]);
    if (outcome && *outcome == service::Commitment::Safe) {
      good.insert(good.end(), {references[i], references[i + 1]});
    } else {
      const std::string_view reason = outcome ? reason_of(*outcome) : processing_failure;
      bad.insert(bad.end(), {references[i], references[i + 1], std::string(reason)});
    }
  }
  std::vector<std::string> words{references.front(), std::to_string(good.size() / 2)};
  words.insert(words.end(), good.begin(), good.end());
  words.insert(words.end(), bad.begin(), bad.end());
  return words;
}

}  // namespace

std::vector<std::string> Claim::take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(words_, {});
}

std::vector<std::string> Claim::abandon() {
  const std::scoped_lock lock(mutex_);
  is_abandoned_ = true;
  return std::exchange(words_, {});
}

bool Claim::settle(const std::vector<std::string>& words) {
  const std::scoped_lock lock(mutex_);
  if (!is_abandoned_) words_ = words;
  return !is_abandoned_;
}

Clerk::Clerk(service::DicomInbox& inbox, Report report)
    : inbox_(inbox),
      report_(std::move(report)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Clerk::~Clerk() = default;

std::shared_ptr<Claim> Clerk::check(const Peer& peer, std::vector<std::string> references) {
  auto claim = std::make_shared<Claim>();
  add({.peer = peer, .words = std::move(references), .claim = claim});
  return claim;
}

void Clerk::report_later(const Peer& peer, std::vector<std::string> words) {
  add({.peer = peer, .words = std::move(words), .claim = nullptr});
}

void Clerk::add(Work work) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void Clerk::run(const std::stop_token& stop) {
  for (;;) {
    Work work;
    {
      std::unique_lock lock(mutex_);
      if (!changed_.wait(lock, stop, [&] { return !waiting_.empty(); })) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (work.claim) {
      settle(work, stop);
    } else {
      report_(work.peer, work.words);
    }
  }
}

// An object counts as safe only when its import has ended well; so that is waited for.
void Clerk::settle(const Work& work, const std::stop_token& stop) {
  const auto end = std::chrono::steady_clock::now() + settle_wait_max;
  while (std::chrono::steady_clock::now() < end) {
    const auto settled = inbox_.is_settled();
    if (!settled || *settled) break;
    if (stop.stop_requested()) return;
    std::this_thread::sleep_for(settle_poll);
  }
  const std::vector<std::string> words = report_on(inbox_, work.words);
  if (!work.claim->settle(words)) report_(work.peer, words);
}

}  // namespace consilium::dimse
