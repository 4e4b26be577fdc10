#include "conclave/node/lookup.hpp"

#include <boost/asio/post.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Results = tcp::resolver::results_type;
using Work = std::function<Results(tcp::resolver& resolver, error_code& error)>;

// Of one loop. Its end closes the gate: a thread that comes later finds nobody.
class Lookups : public asio::execution_context::service {
 public:
  using key_type = Lookups;
  static inline asio::execution_context::id id;

  explicit Lookups(asio::execution_context& context)
      : service(context), gate_(std::make_shared<Gate>(static_cast<asio::io_context*>(&context))) {}

  void look_up(const std::string& what, Work work, Found found) {
    const auto [place, fresh] = waiting_.try_emplace(what);
    place->second.push_back(std::move(found));
    if (!fresh || (waiting_.size() <= lookups_max && begin(what, std::move(work)))) return;
    auto refused = waiting_.extract(place);
    asio::post(*gate_->io, [found = std::move(refused.mapped().front())] { found(asio::error::try_again, {}); });
  }

 private:
  // False: the operating system has no thread left.
  bool begin(const std::string& what, Work work) try {
    std::thread([this, what, work = std::move(work), gate = gate_] {
      asio::io_context own;
      tcp::resolver resolver(own);
      error_code error;
      Results results = work(resolver, error);
      const std::scoped_lock lock(gate->mutex);
      if (gate->io == nullptr) return;
      asio::post(*gate->io, [this, what, error, results = std::move(results)] { answer(what, error, results); });
    }).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }

  struct Gate {
    explicit Gate(asio::io_context* loop) : io(loop) {}
    std::mutex mutex;
    asio::io_context* io;  // nullptr: it has ended
  };

  void shutdown() override {
    {
      const std::scoped_lock lock(gate_->mutex);
      gate_->io = nullptr;
    }
    waiting_.clear();
  }

  void answer(const std::string& what, error_code error, const Results& results) {
    const auto node = waiting_.extract(what);
    for (const Found& found : node.mapped()) found(error, results);
  }

  std::shared_ptr<Gate> gate_;
  std::map<std::string, std::vector<Found>> waiting_;
};

}  // namespace

void look_up(asio::io_context& io, const std::string& host, std::uint16_t port, Found found) {
  error_code no_number;
  const auto ip = asio::ip::make_address(host, no_number);
  if (!no_number) {
    const auto results = Results::create(tcp::endpoint(ip, port), host, std::to_string(port));
    return asio::post(io, [found = std::move(found), results] { found({}, results); });
  }
  const std::string service = std::to_string(port);
  asio::use_service<Lookups>(io).look_up(
      host + ":" + service,
      [host, service](tcp::resolver& resolver, error_code& error) { return resolver.resolve(host, service, error); },
      std::move(found));
}

void look_up(asio::io_context& io, const tcp::endpoint& address, Found found) {
  asio::use_service<Lookups>(io).look_up(
      "of " + address.address().to_string(),
      [address](tcp::resolver& resolver, error_code& error) { return resolver.resolve(address, error); },
      std::move(found));
}

}  // namespace conclave::node
