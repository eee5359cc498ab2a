#include "dimse/association.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "dimse/handlers.hpp"
#include "dimse/raw_dataset.hpp"

namespace consilium::dimse {
namespace {

constexpr long pdu_size = ASC_MAXIMUMPDUSIZE;  // 128 KiB: fewer, larger reads
constexpr int idle_timeout_s = 600;            // between two commands of a peer
constexpr int report_wait_s = 1;               // between two looks for a commitment's report

// Every object is accepted that the standard calls storage, also classes newer than any list.
constexpr std::string_view storage_root = "1.2.840.10008.5.1.4.1.1.";

constexpr std::array<std::string_view, 8> other_classes{
    "1.2.840.10008.1.1",            // Verification
    "1.2.840.10008.1.20.1",         // Storage Commitment Push Model
    "1.2.840.10008.5.1.4.1.2.1.1",  // Patient Root Find, Move, Get
    "1.2.840.10008.5.1.4.1.2.1.2", "1.2.840.10008.5.1.4.1.2.1.3",
    "1.2.840.10008.5.1.4.1.2.2.1",  // Study Root Find, Move, Get
    "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3",
};

// What our reader and decoders know (format/dicom/transfer_syntax).
constexpr std::array<std::string_view, 19> storage_syntaxes{
    "1.2.840.10008.1.2",       "1.2.840.10008.1.2.1",     "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",     "1.2.840.10008.1.2.4.50",  "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",  "1.2.840.10008.1.2.4.70",  "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",  "1.2.840.10008.1.2.4.90",  "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.5",     "1.2.840.10008.1.2.4.53",  "1.2.840.10008.1.2.4.55",
    "1.2.840.10008.1.2.8.1",
};
constexpr std::array<std::string_view, 2> message_syntaxes{"1.2.840.10008.1.2.1",
                                                           "1.2.840.10008.1.2"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& list, std::string_view uid) {
  return std::ranges::find(list, uid) != list.end();
}

// The first of the proposed syntaxes that we take: the peer names the one it has first. "" for
// none.
std::string chosen_syntax(const T_ASC_PresentationContext& context) {
  const std::string_view abstract = context.abstractSyntax;
  const bool is_storage = abstract.starts_with(storage_root);
  if (!is_storage && !holds(other_classes, abstract)) return "";
  for (int i = 0; i < context.transferSyntaxCount; ++i) {
    const std::string_view proposed = context.proposedTransferSyntaxes[i];
    if (is_storage ? holds(storage_syntaxes, proposed) : holds(message_syntaxes, proposed)) {
      return std::string(proposed);
    }
  }
  return "";
}

OFCondition accept_contexts(T_ASC_Association* association) {
  const int count = ASC_countPresentationContexts(association->params);
  for (int i = 0; i < count; ++i) {
    T_ASC_PresentationContext context;
    OFCondition condition = ASC_getPresentationContext(association->params, i, &context);
    if (condition.bad()) return condition;
    const std::string syntax = chosen_syntax(context);
    if (syntax.empty()) {
      const bool is_known = std::string_view(context.abstractSyntax).starts_with(storage_root) ||
                            holds(other_classes, context.abstractSyntax);
      condition = ASC_refusePresentationContext(
          association->params, context.presentationContextID,
          is_known ? ASC_P_TRANSFERSYNTAXESNOTSUPPORTED : ASC_P_ABSTRACTSYNTAXNOTSUPPORTED);
    } else {
      // A peer that asks for the acceptor's role wants to be sent objects (C-GET).
      condition = ASC_acceptPresentationContext(association->params, context.presentationContextID,
                                                syntax.c_str(), context.proposedRole);
    }
    if (condition.bad()) return condition;
  }
  return EC_Normal;
}

OFCondition reject(T_ASC_Association* association, Admission admission) {
  T_ASC_RejectParameters parameters{.result = ASC_RESULT_REJECTEDPERMANENT,
                                    .source = ASC_SOURCE_SERVICEUSER,
                                    .reason = ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED};
  if (admission == Admission::UnknownCalled) {
    parameters.reason = ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED;
  } else if (admission == Admission::Busy) {
    parameters = {.result = ASC_RESULT_REJECTEDTRANSIENT,
                  .source = ASC_SOURCE_SERVICEPROVIDER_PRESENTATION_RELATED,
                  .reason = ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED};
  }
  return ASC_rejectAssociation(association, &parameters);
}

// Asks the server who may come in; true when the association stands.
bool negotiate(const Link& link) {
  DIC_AE calling{};
  DIC_AE called{};
  if (ASC_getAPTitles(link.association->params, calling, sizeof(calling), called, sizeof(called),
                      nullptr, 0)
          .bad()) {
    return false;
  }
  Message answer;
  if (!ask(link, {.op = Op::Open, .status = 0, .words = {calling, called}, .body = {}}, answer)) {
    return false;
  }
  const auto admission = static_cast<Admission>(answer.status);
  if (admission != Admission::Welcome) {
    static_cast<void>(reject(link.association, admission));
    return false;
  }
  return accept_contexts(link.association).good() &&
         ASC_acknowledgeAssociation(link.association).good();
}

struct Waiting {
  bool waits = false;
  unsigned char context = 0;
};

OFCondition handle(const Link& link, unsigned char context, T_DIMSE_Message& message,
                   Waiting& waiting) {
  switch (message.CommandField) {
    case DIMSE_C_ECHO_RQ:
      return DIMSE_sendEchoResponse(link.association, context, &message.msg.CEchoRQ, STATUS_Success,
                                    nullptr);
    case DIMSE_C_STORE_RQ:
      return handle_store(link, context, message.msg.CStoreRQ);
    case DIMSE_C_FIND_RQ:
      return handle_find(link, context, message.msg.CFindRQ);
    case DIMSE_C_GET_RQ:
      return handle_get(link, context, message.msg.CGetRQ);
    case DIMSE_C_MOVE_RQ:
      return handle_move(link, context, message.msg.CMoveRQ);
    case DIMSE_N_ACTION_RQ:
      waiting.context = context;
      return handle_action(link, context, message.msg.NActionRQ, waiting.waits);
    case DIMSE_C_CANCEL_RQ:         // of an operation that is over
    case DIMSE_N_EVENT_REPORT_RSP:  // to a report of ours
      return EC_Normal;
    default:
      return DIMSE_BADCOMMANDTYPE;
  }
}

// Sends the report of a commitment when the server has it.
OFCondition look_for_report(const Link& link, Waiting& waiting) {
  Message answer;
  if (!ask(link, {.op = Op::Reports, .status = 0, .words = {}, .body = {}}, answer)) {
    return DIMSE_ILLEGALASSOCIATION;
  }
  if (answer.words.empty()) return EC_Normal;
  waiting.waits = false;
  return send_report(link, waiting.context, answer.words);
}

OFCondition serve_commands(const Link& link) {
  Waiting waiting;
  for (int idle_s = 0;;) {
    const int wait_s = waiting.waits ? report_wait_s : idle_timeout_s;
    acknowledge_quickly(link.connection);
    T_DIMSE_Message message{};
    T_ASC_PresentationContextID context = 0;
    DcmDataset* detail = nullptr;
    OFCondition condition = DIMSE_receiveCommand(link.association, DIMSE_NONBLOCKING, wait_s,
                                                 &context, &message, &detail);
    delete detail;
    if (condition == DIMSE_NODATAAVAILABLE) {
      idle_s += wait_s;
      if (idle_s >= idle_timeout_s) return condition;
      if (waiting.waits) condition = look_for_report(link, waiting);
    } else if (condition.good()) {
      idle_s = 0;
      condition = handle(link, context, message, waiting);
    }
    if (condition.bad() && condition != DIMSE_NODATAAVAILABLE) return condition;
  }
}

void end_association(T_ASC_Association* association, const OFCondition& condition) {
  if (condition == DUL_PEERREQUESTEDRELEASE) {
    ASC_acknowledgeRelease(association);
  } else if (condition != DUL_PEERABORTEDASSOCIATION) {
    ASC_abortAssociation(association);
  }
}

}  // namespace

void serve_association(T_ASC_Network* network, int channel, int connection, bool is_secure) {
  Link link{.association = nullptr, .connection = connection, .channel = channel};
  const OFCondition received =
      ASC_receiveAssociation(network, &link.association, pdu_size, nullptr, nullptr,
                             is_secure ? OFTrue : OFFalse, DUL_BLOCK);
  if (received.good() && negotiate(link)) {
    end_association(link.association, serve_commands(link));
  }
  if (link.association != nullptr) {
    ASC_dropSCPAssociation(link.association);
    ASC_destroyAssociation(&link.association);
  }
}

}  // namespace consilium::dimse
