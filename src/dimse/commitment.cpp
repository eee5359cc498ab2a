// Storage commitment, the push model (PS3.4 J.3).
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>

#include <charconv>

#include "dimse/handlers.hpp"
#include "dimse/raw_dataset.hpp"

namespace consilium::dimse {
namespace {

constexpr DIC_US request_commitment = 1;  // action type
constexpr DIC_US all_committed = 1;       // event types
constexpr DIC_US some_not_committed = 2;

// Transaction UID, then the class and instance of each referenced object; empty when the dataset
// does not say them.
std::vector<std::string> references_of(DcmDataset& dataset) {
  std::vector<std::string> words;
  OFString transaction;
  DcmSequenceOfItems* sequence = nullptr;
  if (dataset.findAndGetOFString(DCM_TransactionUID, transaction).bad() ||
      dataset.findAndGetSequence(DCM_ReferencedSOPSequence, sequence).bad()) {
    return words;
  }
  words.emplace_back(transaction.c_str());
  for (unsigned long i = 0; i < sequence->card(); ++i) {
    OFString sop_class;
    OFString instance;
    sequence->getItem(i)->findAndGetOFString(DCM_ReferencedSOPClassUID, sop_class);
    sequence->getItem(i)->findAndGetOFString(DCM_ReferencedSOPInstanceUID, instance);
    words.emplace_back(sop_class.c_str());
    words.emplace_back(instance.c_str());
  }
  return words;
}

void append_reference(DcmDataset& dataset, const DcmTag& sequence, const std::string& sop_class,
                      const std::string& instance, const std::string& reason) {
  DcmItem* item = nullptr;
  if (dataset.findOrCreateSequenceItem(sequence, item, -2).bad()) return;
  item->putAndInsertString(DCM_ReferencedSOPClassUID, sop_class.c_str());
  item->putAndInsertString(DCM_ReferencedSOPInstanceUID, instance.c_str());
  if (reason.empty()) return;
  Uint16 value = 0;
  std::from_chars(reason.data(), reason.data() + reason.size(), value);
  item->putAndInsertUint16(DCM_FailureReason, value);
}

}  // namespace

OFCondition handle_action(const Link& link, unsigned char context, T_DIMSE_N_ActionRQ& request,
                          bool& waits) {
  Bytes bytes;
  unsigned char data_context = context;
  bool is_too_large = false;
  OFCondition condition = EC_Normal;
  if (request.DataSetType == DIMSE_DATASET_PRESENT) {
    condition =
        receive_dataset(link.association, link.connection, data_context, bytes, is_too_large);
    if (condition.bad()) return condition;
  }
  T_ASC_PresentationContext agreed;
  std::vector<std::string> words;
  if (ASC_findAcceptedPresentationContext(link.association->params, context, &agreed).good()) {
    if (const auto dataset = parse_dataset(bytes, agreed.acceptedTransferSyntax)) {
      words = references_of(*dataset);
    }
  }
  Message answer{.op = Op::Reply, .status = status::processing_failure, .words = {}, .body = {}};
  const bool is_request = request.ActionTypeID == request_commitment && words.size() > 1;
  if (is_request &&
      !ask(link, {.op = Op::Commit, .status = 0, .words = words, .body = {}}, answer)) {
    return DIMSE_ILLEGALASSOCIATION;
  }
  if (answer.status == status::success) waits = true;
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_ACTION_RSP;
  T_DIMSE_N_ActionRSP& response = message.msg.NActionRSP;
  response.MessageIDBeingRespondedTo = request.MessageID;
  response.DimseStatus = static_cast<DIC_US>(answer.status);
  response.DataSetType = DIMSE_DATASET_NULL;
  response.ActionTypeID = request.ActionTypeID;
  OFStandard::strlcpy(response.AffectedSOPClassUID, request.RequestedSOPClassUID,
                      sizeof(response.AffectedSOPClassUID));
  OFStandard::strlcpy(response.AffectedSOPInstanceUID, request.RequestedSOPInstanceUID,
                      sizeof(response.AffectedSOPInstanceUID));
  response.opts =
      O_NACTION_AFFECTEDSOPCLASSUID | O_NACTION_AFFECTEDSOPINSTANCEUID | O_NACTION_ACTIONTYPEID;
  return DIMSE_sendMessageUsingMemoryData(link.association, context, &message, nullptr, nullptr,
                                          nullptr, nullptr);
}

OFCondition send_report(const Link& link, unsigned char context,
                        const std::vector<std::string>& words) {
  if (words.size() < 2) return EC_Normal;
  std::size_t good_count = 0;
  std::from_chars(words[1].data(), words[1].data() + words[1].size(), good_count);
  DcmDataset dataset;
  dataset.putAndInsertString(DCM_TransactionUID, words[0].c_str());
  std::size_t at = 2;
  for (std::size_t i = 0; i < good_count && at + 1 < words.size(); ++i, at += 2) {
    append_reference(dataset, DCM_ReferencedSOPSequence, words[at], words[at + 1], "");
  }
  const bool has_failures = at + 2 < words.size();
  for (; at + 2 < words.size(); at += 3) {
    append_reference(dataset, DCM_FailedSOPSequence, words[at], words[at + 1], words[at + 2]);
  }
  T_DIMSE_Message message{};
  message.CommandField = DIMSE_N_EVENT_REPORT_RQ;
  T_DIMSE_N_EventReportRQ& request = message.msg.NEventReportRQ;
  request.MessageID = link.association->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, UID_StorageCommitmentPushModelSOPClass,
                      sizeof(request.AffectedSOPClassUID));
  OFStandard::strlcpy(request.AffectedSOPInstanceUID, UID_StorageCommitmentPushModelSOPInstance,
                      sizeof(request.AffectedSOPInstanceUID));
  request.DataSetType = DIMSE_DATASET_PRESENT;
  request.EventTypeID = has_failures ? some_not_committed : all_committed;
  return DIMSE_sendMessageUsingMemoryData(link.association, context, &message, nullptr, &dataset,
                                          nullptr, nullptr);
}

}  // namespace consilium::dimse
