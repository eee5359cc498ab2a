#include "transport/cli/serve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>

#include "service/prelabel/suggestions.hpp"
#include "transport/api/application.hpp"
#include "transport/api/embedded.hpp"
#include "transport/api/event_hub.hpp"
#include "transport/api/handlers.hpp"
#include "transport/api/signal_handlers.hpp"
#include "transport/api/suggestion_handlers.hpp"
#include "transport/api/terminology_handlers.hpp"
#include "transport/cli_panel/answer.hpp"
#include "transport/dicomweb/handlers.hpp"
#include "transport/dimse/node.hpp"
#include "transport/http_client/http_client.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t token_bytes_max = 64U << 10U;

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

Result<Endpoint> parse_listen(std::string_view listen) {
  const std::size_t colon = listen.rfind(':');
  std::string_view host = colon == std::string_view::npos ? "" : listen.substr(0, colon);
  const std::string_view port = listen.substr(colon == std::string_view::npos ? 0 : colon + 1);
  Endpoint endpoint;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size()) {
    return fail(ErrorCode::InvalidInput, "the address to listen on is not HOST:PORT",
                std::string(listen), "write --listen 127.0.0.1:8080");
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  endpoint.address = host.empty() || host == "localhost" ? "127.0.0.1" : std::string(host);
  return endpoint;
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1";
}

// Where index.html lies: as told, beside an installed program, or in the build's source tree.
Result<std::optional<http::StaticFiles>> find_web(const std::filesystem::path& told) {
  if (!told.empty()) return CSL_TRY(http::StaticFiles::load(told));
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const char* candidate : {"../share/consilium/web", "../../../web/dist"}) {
    const std::filesystem::path folder = program.parent_path() / candidate;
    if (std::filesystem::is_regular_file(folder / "index.html", error)) {
      return CSL_TRY(http::StaticFiles::load(folder));
    }
  }
  return std::nullopt;
}

void add_handlers(api::HandlerTable& handlers, Installation& it, const api::SchemaSet& schemas,
                  const api::Policy& policy, api::EventHub& hub) {
  api::add_document_handlers(handlers, schemas, policy);
  api::add_sign_in_handlers(handlers, *it.people, *it.projects);
  api::add_people_handlers(handlers, *it.people, *it.projects);
  api::add_project_handlers(handlers, *it.projects, *it.people, *it.assignment, *it.store,
                            *it.clock);
  api::add_item_handlers(handlers, *it.items);
  api::add_task_handlers(handlers, *it.assignment, *it.panels, *it.tagging, *it.signal_tagging,
                         *it.note_tools);
  api::add_note_tool_handlers(handlers, *it.note_tools, *it.alike);
  api::add_signal_handlers(handlers, *it.signal_detectors, *it.beat_clusterer);
  api::add_annotation_handlers(handlers, *it.annotations);
  api::add_review_handlers(handlers, *it.review);
  api::add_mask_handlers(handlers, *it.masks);
  api::add_segmentation_handlers(handlers, *it.segmentation);
  api::add_import_handlers(handlers, *it.imports);
  api::add_export_handlers(handlers, *it.exports);
  dicomweb::add_dicomweb_handlers(handlers, *it.dicomweb, *it.random);
  api::add_panel_handlers(handlers, *it.panels);
  api::add_audit_handlers(handlers, *it.store, *it.clock, it.folder);
  api::add_terminology_handlers(handlers, *it.terminologies, *it.concept_answers,
                                it.folder / "uploads");
  api::add_fhir_handlers(handlers, *it.terminologies, *it.clock, it.remote_terminology.get());
  api::add_event_handlers(handlers, hub, *it.people, *it.clock);
}

// The first administrator's link, and the rule that without one nobody else may connect.
Status check_exposure(const Installation& it, const Endpoint& endpoint,
                      const ServeOptions& options) {
  if (is_loopback(endpoint.address)) return {};
  if (options.certificate.empty() || options.key.empty()) {
    return fail(
        ErrorCode::Forbidden, "other machines may connect only over TLS", options.listen,
        "give --certificate and --key, or listen on 127.0.0.1 behind a proxy that does TLS");
  }
  if (!CSL_TRY(it.people->has_administrator())) {
    return fail(ErrorCode::Forbidden,
                "other machines may connect only once an administrator has a password",
                options.listen, "listen on 127.0.0.1 first, and use the link that is printed");
  }
  return {};
}

// The DICOM node, where its settings are given.
Result<std::unique_ptr<dimse::Node>> start_dicom(Installation& it, const ServeOptions& options) {
  if (options.dicom.empty()) return nullptr;
  dimse::NodeSettings settings = CSL_TRY(dimse::read_node_settings(options.dicom));
  const std::string title = settings.ae_title;
  auto node = CSL_TRY(dimse::Node::start(
      std::move(settings),
      {.inbox = *it.inbox, .web = *it.dicomweb, .project_named = [&it](const std::string& name) {
         return project_named(it, name);
       }}));
  fmt::print("The DICOM node {} listens on port {}\n", title, node->port());
  return node;
}

// The other terminology server, where one is named.
Result<std::unique_ptr<service::RemoteTerminology>> remote_terminology(
    const ServeOptions& options) {
  if (options.terminology_server.empty()) return nullptr;
  http::ClientOptions asked{.base_url = options.terminology_server,
                            .authorities = options.terminology_authorities};
  if (!options.terminology_token.empty()) {
    const Bytes token = CSL_TRY(read_input(options.terminology_token, token_bytes_max));
    asked.bearer_token = text_of(token);
    while (!asked.bearer_token.empty() && asked.bearer_token.back() <= ' ') {
      asked.bearer_token.pop_back();
    }
    const bool is_token =
        std::ranges::all_of(asked.bearer_token, [](char c) { return c > ' ' && c < 0x7F; });
    if (!is_token) {
      return fail(ErrorCode::InvalidInput, "the file holds no bearer token",
                  options.terminology_token.string());
    }
  }
  auto client = CSL_TRY(http::Client::make(std::move(asked)));
  fmt::print("Terminologies that are not loaded are asked of {}\n", client.host());
  return std::make_unique<service::RemoteTerminology>(
      [client = std::move(client)](std::string_view path, const std::string& body) {
        return client.post(path, body, "application/fhir+json");
      });
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Status serve(Installation& installation, const ServeOptions& options,
             const std::function<Status(const std::string& url)>& announce) {
  // Before any thread is made, so that all leave these signals to the wait below.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const Endpoint endpoint = CSL_TRY(parse_listen(options.listen));
  CSL_TRY(check_exposure(installation, endpoint, options));
  const api::SchemaSet schemas = CSL_TRY(api::SchemaSet::parse(api::embedded_schema_files()));
  const api::Policy policy = CSL_TRY(api::Policy::parse(api::embedded_policy_csv()));
  const std::optional<http::StaticFiles> web = CSL_TRY(find_web(options.web));

  // The store may tell of changes as long as it lives, which is longer than this function.
  const auto hub = std::make_shared<api::EventHub>();
  installation.store->on_change(
      [hub](const storage::Store::Change& change) { hub->publish(change); });
  service::Suggestions suggestions(*installation.store, *installation.clock, *installation.random);
  api::HandlerTable handlers;
  api::add_suggestion_handlers(handlers, suggestions);
  installation.remote_terminology = CSL_TRY(remote_terminology(options));
  installation.concept_answers->ask_too(installation.remote_terminology.get());
  add_handlers(handlers, installation, schemas, policy, *hub);
  api::ApiApplication application(*installation.people, policy, schemas, handlers,
                                  web ? &*web : nullptr, *installation.random);
  CSL_TRY(installation.imports->resume_all());
  const auto node = CSL_TRY(start_dicom(installation, options));
  CSL_TRY(installation.exports->resume_all());

  http::ServerOptions server_options{.address = endpoint.address,
                                     .port = endpoint.port,
                                     .tls = std::nullopt,
                                     .worker_count = options.workers};
  if (!options.certificate.empty())
    server_options.tls = http::TlsFiles{options.certificate, options.key};
  const auto server = CSL_TRY(http::Server::start(server_options, application));
  const std::string host = is_loopback(endpoint.address) ? "localhost" : endpoint.address;
  CSL_TRY(announce(
      fmt::format("{}://{}:{}", server_options.tls ? "https" : "http", host, server->port())));
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  fmt::print(stderr, "stopping\n");
  server->stop();
  return {};
}

int serve_command(const ServeOptions& options) {
  auto installation = open_installation(options.data);
  if (!installation) return report(installation.error());
  const Status served = serve(*installation, options, [&](const std::string& url) -> Status {
    fmt::print("Consilium serves {} at {}\n", options.data.string(), url);
    if (const auto link = CSL_TRY(installation->people->first_link())) {
      fmt::print(
          "There is no administrator with a password yet. This link works once, for 7 days:\n  "
          "{}/sign-in?link={}\n",
          url, link->secret);
    }
    std::fflush(stdout);
    return {};
  });
  return served ? 0 : report(served.error());
}

}  // namespace consilium::cli
