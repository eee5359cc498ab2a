// C-STORE both ways.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>

#include <algorithm>

#include "dimse/handlers.hpp"
#include "dimse/raw_dataset.hpp"

namespace consilium::dimse {
namespace {

constexpr std::size_t error_comment_size_max = 64;  // LO

// The transfer syntax that was agreed on for a context; "" when there is no such context.
std::string agreed_syntax(T_ASC_Association* association, unsigned char context) {
  T_ASC_PresentationContext found;
  if (ASC_findAcceptedPresentationContext(association->params, context, &found).bad()) return "";
  return found.acceptedTransferSyntax;
}

}  // namespace

bool ask(const Link& link, const Message& question, Message& answer) {
  return send(link.channel, question) && receive(link.channel, answer);
}

OFCondition handle_store(const Link& link, unsigned char context, T_DIMSE_C_StoreRQ& request) {
  Message question{.op = Op::Store,
                   .status = 0,
                   .words = {request.AffectedSOPClassUID, request.AffectedSOPInstanceUID,
                             agreed_syntax(link.association, context)},
                   .body = {}};
  unsigned char data_context = context;
  bool is_too_large = false;
  OFCondition condition =
      receive_dataset(link.association, link.connection, data_context, question.body, is_too_large);
  if (condition.bad()) return condition;
  Message answer{.op = Op::Reply, .status = status::out_of_resources, .words = {}, .body = {}};
  if (!is_too_large && !ask(link, question, answer)) return DIMSE_ILLEGALASSOCIATION;

  T_DIMSE_C_StoreRSP response{};
  response.DimseStatus = static_cast<DIC_US>(answer.status);
  DcmDataset detail;
  const bool has_comment = !answer.words.empty() && !answer.words.front().empty();
  if (has_comment) {
    detail.putAndInsertString(DCM_ErrorComment,
                              answer.words.front().substr(0, error_comment_size_max).c_str());
  }
  return DIMSE_sendStoreResponse(link.association, context, &request, &response,
                                 has_comment ? &detail : nullptr);
}

OFCondition send_object(const Link& link, const Message& object, std::uint16_t& dicom_status) {
  dicom_status = status::processing_failure;
  if (object.words.size() != 3) return EC_Normal;
  const std::string& sop_class = object.words[0];
  const std::string& instance = object.words[1];
  const std::string& syntax = object.words[2];
  const T_ASC_PresentationContextID context =
      ASC_findAcceptedPresentationContextID(link.association, sop_class.c_str(), syntax.c_str());
  if (context == 0) {
    dicom_status = status::unknown_class;
    return EC_Normal;
  }
  const auto dataset = parse_dataset(object.body, syntax);
  if (!dataset) return EC_Normal;
  T_DIMSE_C_StoreRQ request{};
  request.MessageID = link.association->nextMsgID++;
  OFStandard::strlcpy(request.AffectedSOPClassUID, sop_class.c_str(),
                      sizeof(request.AffectedSOPClassUID));
  OFStandard::strlcpy(request.AffectedSOPInstanceUID, instance.c_str(),
                      sizeof(request.AffectedSOPInstanceUID));
  request.DataSetType = DIMSE_DATASET_PRESENT;
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  T_DIMSE_C_StoreRSP response{};
  DcmDataset* detail = nullptr;
  const OFCondition condition =
      DIMSE_storeUser(link.association, context, &request, nullptr, dataset.get(), nullptr, nullptr,
                      DIMSE_NONBLOCKING, message_timeout_s, &response, &detail);
  delete detail;
  if (condition.good()) dicom_status = response.DimseStatus;
  return condition;
}

}  // namespace consilium::dimse
