// The requestor: C-STORE of what a C-MOVE asked for, and reports whose association is over.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>

#include "dimse/association.hpp"
#include "dimse/handlers.hpp"
#include "dimse/raw_dataset.hpp"

namespace consilium::dimse {
namespace {

constexpr std::string_view commitment_class = "1.2.840.10008.1.20.1";
constexpr int context_count_max = 128;  // PS3.8: odd ids from 1 to 255

// Null when the words are not a Begin's.
T_ASC_Parameters* parameters_of(const std::vector<std::string>& words) {
  constexpr std::size_t first_context = 3;
  if (words.size() <= first_context) return nullptr;
  T_ASC_Parameters* parameters = nullptr;
  if (ASC_createAssociationParameters(&parameters, ASC_MAXIMUMPDUSIZE).bad()) return nullptr;
  ASC_setAPTitles(parameters, words[0].c_str(), words[1].c_str(), nullptr);
  ASC_setPresentationAddresses(parameters, "", words[2].c_str());
  int id = 1;
  for (std::size_t i = first_context; i + 1 < words.size() && id < 2 * context_count_max; i += 2) {
    const char* syntaxes[] = {words[i + 1].c_str()};
    // Who reports a commitment has the acceptor's role in an association that it requests.
    const T_ASC_SC_ROLE role = words[i] == commitment_class ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT;
    ASC_addPresentationContext(parameters, static_cast<T_ASC_PresentationContextID>(id),
                               words[i].c_str(), syntaxes, 1, role);
    id += 2;
  }
  return parameters;
}

OFCondition send_report_and_wait(const Link& link, const std::vector<std::string>& words) {
  const T_ASC_PresentationContextID context = ASC_findAcceptedPresentationContextID(
      link.association, UID_StorageCommitmentPushModelSOPClass);
  if (context == 0) return DIMSE_NOVALIDPRESENTATIONCONTEXTID;
  OFCondition condition = send_report(link, context, words);
  if (condition.bad()) return condition;
  T_DIMSE_Message answer{};
  T_ASC_PresentationContextID answer_context = 0;
  DcmDataset* detail = nullptr;
  condition = DIMSE_receiveCommand(link.association, DIMSE_NONBLOCKING, message_timeout_s,
                                   &answer_context, &answer, &detail);
  delete detail;
  return condition;
}

// Until the server has nothing more; the status of each object goes along with the next question.
OFCondition send_all(const Link& link, bool is_report) {
  std::uint16_t last = status::success;
  for (Message object;;) {
    if (!ask(link, {.op = Op::Next, .status = last, .words = {}, .body = {}}, object)) {
      return DIMSE_ILLEGALASSOCIATION;
    }
    if (object.words.empty()) return EC_Normal;
    last = status::success;
    const OFCondition condition =
        is_report ? send_report_and_wait(link, object.words) : send_object(link, object, last);
    if (condition.bad()) return condition;
  }
}

}  // namespace

void send_to_peer(T_ASC_Network* network, int channel, bool is_secure) {
  Message begin;
  Link link{.association = nullptr, .connection = -1, .channel = channel};
  if (!ask(link, {.op = Op::Ready, .status = 0, .words = {}, .body = {}}, begin)) return;
  T_ASC_Parameters* parameters = parameters_of(begin.words);
  if (parameters == nullptr) return;
  ASC_setTransportLayerType(parameters, is_secure ? OFTrue : OFFalse);
  OFCondition condition = ASC_requestAssociation(network, parameters, &link.association);
  if (condition.bad()) {
    if (link.association == nullptr) ASC_destroyAssociationParameters(&parameters);
    if (link.association != nullptr) ASC_destroyAssociation(&link.association);
    return;
  }
  const bool is_report = begin.words[3] == commitment_class;
  condition = send_all(link, is_report);
  if (condition.good()) {
    ASC_releaseAssociation(link.association);
  } else {
    ASC_abortAssociation(link.association);
  }
  ASC_destroyAssociation(&link.association);
}

}  // namespace consilium::dimse
