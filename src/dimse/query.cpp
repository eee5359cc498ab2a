// C-FIND, C-GET and C-MOVE: the identifier goes to the server as it came; its answers come back as
// datasets, instances or counts.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>

#include <charconv>

#include "dimse/handlers.hpp"
#include "dimse/raw_dataset.hpp"

namespace consilium::dimse {
namespace {

struct Identifier {
  std::string syntax;
  Bytes bytes;
};

OFCondition receive_identifier(const Link& link, unsigned char context, Identifier& identifier) {
  T_ASC_PresentationContext found;
  if (ASC_findAcceptedPresentationContext(link.association->params, context, &found).good()) {
    identifier.syntax = found.acceptedTransferSyntax;
  }
  unsigned char data_context = context;
  bool is_too_large = false;
  return receive_dataset(link.association, link.connection, data_context, identifier.bytes,
                         is_too_large);
}

bool is_cancelled(const Link& link, unsigned char context, DIC_US message) {
  return DIMSE_checkForCancelRQ(link.association, context, message).good();
}

int number_of(const std::string& word) {
  int value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

}  // namespace

OFCondition handle_find(const Link& link, unsigned char context, T_DIMSE_C_FindRQ& request) {
  Identifier identifier;
  OFCondition condition = receive_identifier(link, context, identifier);
  if (condition.bad()) return condition;
  if (!send(link.channel, {.op = Op::Find,
                           .status = 0,
                           .words = {request.AffectedSOPClassUID, identifier.syntax},
                           .body = identifier.bytes})) {
    return DIMSE_ILLEGALASSOCIATION;
  }
  bool has_cancelled = false;
  for (Message answer;;) {
    if (!receive(link.channel, answer)) return DIMSE_ILLEGALASSOCIATION;
    T_DIMSE_C_FindRSP response{};
    if (answer.op == Op::Reply) {
      response.DimseStatus = has_cancelled ? status::cancelled : static_cast<DIC_US>(answer.status);
      response.DataSetType = DIMSE_DATASET_NULL;
      return DIMSE_sendFindResponse(link.association, context, &request, &response, nullptr,
                                    nullptr);
    }
    if (!has_cancelled) has_cancelled = is_cancelled(link, context, request.MessageID);
    if (has_cancelled) continue;  // the rest is read and dropped
    const auto match = parse_dataset(answer.body, UID_LittleEndianExplicitTransferSyntax);
    if (!match) continue;
    response.DimseStatus = status::pending;
    response.DataSetType = DIMSE_DATASET_PRESENT;
    condition = DIMSE_sendFindResponse(link.association, context, &request, &response, match.get(),
                                       nullptr);
    if (condition.bad()) return condition;
  }
}

namespace {

struct Counts {
  std::size_t remaining = 0;
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t warning = 0;
};

template <class Response>
void put_counts(const Counts& counts, Response& response) {
  response.NumberOfRemainingSubOperations = static_cast<DIC_US>(counts.remaining);
  response.NumberOfCompletedSubOperations = static_cast<DIC_US>(counts.completed);
  response.NumberOfFailedSubOperations = static_cast<DIC_US>(counts.failed);
  response.NumberOfWarningSubOperations = static_cast<DIC_US>(counts.warning);
}

// The syntax in which the peer takes objects of the class: the stored one, else one that everybody
// reads; "" when it takes none.
std::string syntax_for(const Link& link, const std::string& sop_class, const std::string& stored) {
  for (const std::string& syntax : {stored, std::string(UID_LittleEndianExplicitTransferSyntax),
                                    std::string(UID_LittleEndianImplicitTransferSyntax)}) {
    if (ASC_findAcceptedPresentationContextID(link.association, sop_class.c_str(),
                                              syntax.c_str()) != 0) {
      return syntax;
    }
  }
  return "";
}

OFCondition get_one(const Link& link, const std::vector<std::string>& instance, Counts& counts,
                    bool& channel_failed) {
  const std::string syntax =
      instance.size() == 3 ? syntax_for(link, instance[0], instance[2]) : std::string();
  --counts.remaining;
  std::uint16_t dicom_status = status::processing_failure;
  OFCondition condition = EC_Normal;
  if (!syntax.empty()) {
    Message object;
    channel_failed = !ask(
        link, {.op = Op::Fetch, .status = 0, .words = {instance[1], syntax}, .body = {}}, object);
    if (channel_failed) return DIMSE_ILLEGALASSOCIATION;
    condition = send_object(link, object, dicom_status);
  }
  if (dicom_status == status::success) {
    ++counts.completed;
  } else if (status::is_warning(dicom_status)) {
    ++counts.warning;
  } else {
    ++counts.failed;
  }
  return condition;
}

}  // namespace

OFCondition handle_get(const Link& link, unsigned char context, T_DIMSE_C_GetRQ& request) {
  Identifier identifier;
  OFCondition condition = receive_identifier(link, context, identifier);
  if (condition.bad()) return condition;
  if (!send(link.channel, {.op = Op::Retrieve,
                           .status = 0,
                           .words = {request.AffectedSOPClassUID, identifier.syntax},
                           .body = identifier.bytes})) {
    return DIMSE_ILLEGALASSOCIATION;
  }
  std::vector<std::vector<std::string>> instances;
  Message answer;
  do {
    if (!receive(link.channel, answer)) return DIMSE_ILLEGALASSOCIATION;
    if (answer.op == Op::Pending) instances.push_back(std::move(answer.words));
  } while (answer.op == Op::Pending);

  Counts counts{.remaining = instances.size()};
  T_DIMSE_C_GetRSP response{};
  response.DataSetType = DIMSE_DATASET_NULL;
  std::uint16_t last = static_cast<std::uint16_t>(answer.status);
  for (std::size_t i = 0; i < instances.size() && last == status::success; ++i) {
    bool channel_failed = false;
    condition = get_one(link, instances[i], counts, channel_failed);
    if (condition.bad()) return condition;
    if (is_cancelled(link, context, request.MessageID)) {
      last = status::cancelled;
    } else if (counts.remaining > 0) {
      response.DimseStatus = status::pending;
      put_counts(counts, response);
      condition =
          DIMSE_sendGetResponse(link.association, context, &request, &response, nullptr, nullptr);
      if (condition.bad()) return condition;
    }
  }
  if (last == status::success && counts.failed > 0) last = status::sub_operations_with_failures;
  response.DimseStatus = last;
  put_counts(counts, response);
  return DIMSE_sendGetResponse(link.association, context, &request, &response, nullptr, nullptr);
}

OFCondition handle_move(const Link& link, unsigned char context, T_DIMSE_C_MoveRQ& request) {
  Identifier identifier;
  OFCondition condition = receive_identifier(link, context, identifier);
  if (condition.bad()) return condition;
  if (!send(link.channel,
            {.op = Op::Move,
             .status = 0,
             .words = {request.AffectedSOPClassUID, identifier.syntax, request.MoveDestination},
             .body = identifier.bytes})) {
    return DIMSE_ILLEGALASSOCIATION;
  }
  for (Message answer;;) {
    if (!receive(link.channel, answer)) return DIMSE_ILLEGALASSOCIATION;
    T_DIMSE_C_MoveRSP response{};
    response.DataSetType = DIMSE_DATASET_NULL;
    response.DimseStatus = answer.op == Op::Pending ? static_cast<DIC_US>(status::pending)
                                                    : static_cast<DIC_US>(answer.status);
    if (answer.words.size() == 4) {
      put_counts({.remaining = static_cast<std::size_t>(number_of(answer.words[0])),
                  .completed = static_cast<std::size_t>(number_of(answer.words[1])),
                  .failed = static_cast<std::size_t>(number_of(answer.words[2])),
                  .warning = static_cast<std::size_t>(number_of(answer.words[3]))},
                 response);
    }
    condition =
        DIMSE_sendMoveResponse(link.association, context, &request, &response, nullptr, nullptr);
    if (condition.bad() || answer.op == Op::Reply) return condition;
  }
}

}  // namespace consilium::dimse
