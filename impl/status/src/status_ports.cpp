#include "conclave/status/status_ports.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "conclave/status/addresses.hpp"
#include "conclave/status/four_letter.hpp"
#include "conclave/status/pages.hpp"

namespace conclave::status {

StatusPorts::StatusPorts(boost::asio::io_context& io, StatusSettings settings, Source source)
    : settings_(std::move(settings)), source_(std::move(source)) {
  TcpLimits client_limits;
  client_limits.connections_max = client_connections_max;
  const int of_one_address = settings_.cfg.max_client_cnxns.value_or(connections_per_address_default);
  client_limits.connections_per_address = static_cast<std::size_t>(std::max(of_one_address, 0));
  client_limits.patience = sessionless_patience;
  client_ = ClientPort::make(io, client_limits, settings_.cfg.four_letter_words,
                             [this](std::string_view word) { return answer_of(word, shown()); });
  TcpLimits http_limits;
  http_limits.connections_max = http_connections_max;
  http_limits.patience = http_patience;
  std::map<std::string, Page> pages;
  pages["/metrics"] = {metrics_content_type, [this] { return metrics_text(shown()); }};
  pages["/status"] = {json_content_type, [this] { return status_json(shown()); }};
  http_ = HttpPort::make(io, http_limits, std::move(pages));
}

StatusPorts::~StatusPorts() { stop(); }

tl::expected<void, std::string> StatusPorts::listen() {
  if (const auto client = client_address_of(settings_.cfg, settings_.sid, true)) {
    auto bound = client_->listen(*client, settings_.cfg.client_port_listen_backlog.value_or(0));
    if (!bound) return tl::unexpected("the client port: " + bound.error());
  }
  std::vector<wire::HostPort> addresses = http_addresses_of(settings_.cfg);
  addresses.insert(addresses.end(), settings_.http.begin(), settings_.http.end());
  for (const wire::HostPort& address : addresses) {
    auto bound = http_->listen(address);
    if (!bound) return tl::unexpected("the pages over HTTP: " + bound.error());
  }
  return {};
}

void StatusPorts::stop() {
  client_->stop();
  http_->stop();
}

Shown StatusPorts::shown() const {
  return {settings_.cfg, source_(), client_->status(), http_->status(), process_figures()};
}

}  // namespace conclave::status
