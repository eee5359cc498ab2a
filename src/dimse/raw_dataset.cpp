#include "dimse/raw_dataset.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace consilium::dimse {

void acknowledge_quickly(int connection) {
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

OFCondition receive_dataset(T_ASC_Association* association, int connection, unsigned char& context,
                            Bytes& dataset, bool& is_too_large) {
  dataset.clear();
  is_too_large = false;
  for (bool is_first = true;;) {
    DUL_PDV pdv;
    OFCondition condition = DUL_NextPDV(&association->DULassociation, &pdv);
    while (condition.bad()) {  // none left of the last PDU: read another
      acknowledge_quickly(connection);
      condition =
          DUL_ReadPDVs(&association->DULassociation, nullptr, DUL_NOBLOCK, message_timeout_s);
      if (condition != DUL_PDATAPDUARRIVED) return condition;
      condition = DUL_NextPDV(&association->DULassociation, &pdv);
    }
    if (pdv.pdvType != DUL_DATASETPDV || (!is_first && context != pdv.presentationContextID)) {
      return DIMSE_READPDVFAILED;
    }
    context = pdv.presentationContextID;
    is_first = false;
    const auto* data = static_cast<const std::byte*>(pdv.data);
    if (dataset.size() + pdv.fragmentLength > dataset_size_max) is_too_large = true;
    if (is_too_large) {
      dataset.clear();
    } else {
      dataset.insert(dataset.end(), data, data + pdv.fragmentLength);
    }
    if (pdv.lastPDV) return EC_Normal;
  }
}

std::unique_ptr<DcmDataset> parse_dataset(ByteView bytes, const std::string& syntax) {
  const DcmXfer transfer(syntax.c_str());
  if (transfer.getXfer() == EXS_Unknown) return nullptr;
  auto dataset = std::make_unique<DcmDataset>();
  DcmInputBufferStream stream;
  if (!bytes.empty()) stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  stream.setEos();
  dataset->transferInit();
  const OFCondition condition = dataset->read(stream, transfer.getXfer());
  dataset->transferEnd();
  if (condition.bad()) return nullptr;
  // Values may still refer to the stream, which ends here.
  dataset->loadAllDataIntoMemory();
  return dataset;
}

}  // namespace consilium::dimse
