#include "dimse/process.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmtls/tlslayer.h>
#include <dcmtk/oflog/oflog.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "codec/confine.hpp"
#include "dimse/association.hpp"
#include "dimse/channel.hpp"

namespace consilium::dimse {
namespace {

constexpr int set_up_failed = 3;
constexpr int association_timeout_s = 30;
constexpr int kept_memory_bytes = 64 << 20;

// Null when a file cannot be read or does not fit.
std::unique_ptr<DcmTLSTransportLayer> tls_layer(const ProcessOptions& options) {
  auto layer = std::make_unique<DcmTLSTransportLayer>(options.sends ? NET_REQUESTOR : NET_ACCEPTOR,
                                                      nullptr, OFTrue);
  if (layer->setPrivateKeyFile(options.key.c_str(), DCF_Filetype_PEM).bad() ||
      layer->setCertificateFile(options.certificate.c_str(), DCF_Filetype_PEM).bad() ||
      !layer->checkPrivateKeyMatchesCertificate() ||
      layer->setTLSProfile(TSP_Profile_BCP195_ND).bad() || layer->activateCipherSuites().bad()) {
    return nullptr;
  }
  if (options.peer_certificates.empty()) {
    layer->setCertificateVerification(DCV_ignoreCertificate);
    return layer;
  }
  if (layer->addTrustedCertificateFile(options.peer_certificates.c_str(), DCF_Filetype_PEM).bad()) {
    return nullptr;
  }
  layer->setCertificateVerification(DCV_requireCertificate);
  return layer;
}

void be_quiet() {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  dcmDisableGethostbyaddr.set(OFTrue);
}

int serve_one(const ProcessOptions& options, DcmTLSTransportLayer* tls) {
  Message connection;
  int socket = -1;
  if (!send(options.descriptor, {.op = Op::Ready, .status = 0, .words = {}, .body = {}}) ||
      !receive(options.descriptor, connection, &socket) || connection.op != Op::Connection ||
      socket < 0) {
    return 0;  // the server went before a peer came
  }
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // DCMTK then serves this connection instead of listening for one; it takes 0 for none.
  const int place = fcntl(socket, F_DUPFD_CLOEXEC, options.descriptor + 1);
  close(socket);
  socket = place;
  if (socket < 0) return set_up_failed;
  dcmExternalSocketHandle.set(socket);
  T_ASC_Network* network = nullptr;
  if (ASC_initializeNetwork(NET_ACCEPTOR, 0, association_timeout_s, &network).bad()) {
    return set_up_failed;
  }
  if (tls != nullptr) ASC_setTransportLayer(network, tls, 0);
  serve_association(network, options.descriptor, socket, tls != nullptr);
  ASC_dropNetwork(&network);
  return 0;
}

int send_one(const ProcessOptions& options, DcmTLSTransportLayer* tls) {
  T_ASC_Network* network = nullptr;
  if (ASC_initializeNetwork(NET_REQUESTOR, 0, association_timeout_s, &network).bad()) {
    return set_up_failed;
  }
  if (tls != nullptr) ASC_setTransportLayer(network, tls, 0);
  send_to_peer(network, options.descriptor, tls != nullptr);
  ASC_dropNetwork(&network);
  return 0;
}

}  // namespace

int run_process(const ProcessOptions& options) {
  // Images come one after the other: their memory is kept for the next one, not mapped anew.
  mallopt(M_MMAP_THRESHOLD, kept_memory_bytes);
  mallopt(M_TRIM_THRESHOLD, kept_memory_bytes);
  be_quiet();
  if (!dcmDataDict.isDictionaryLoaded()) return set_up_failed;
  std::unique_ptr<DcmTLSTransportLayer> tls;
  if (!options.certificate.empty()) {
    tls = tls_layer(options);
    if (!tls) return set_up_failed;
  }
  const Confinement confinement{
      .network = options.sends ? NetworkUse::Connects : NetworkUse::OnePeer,
      .kept_descriptor = options.descriptor};
  if (!confine_this_process(confinement)) return set_up_failed;
  return options.sends ? send_one(options, tls.get()) : serve_one(options, tls.get());
}

}  // namespace consilium::dimse
