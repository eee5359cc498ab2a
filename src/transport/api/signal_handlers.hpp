// Detectors of recordings and clusters of beats (routes_signals.cpp).
#pragma once

#include "transport/api/reply.hpp"

namespace consilium::service {
class BeatClusterer;
class SignalDetectors;
}  // namespace consilium::service

namespace consilium::api {

void add_signal_handlers(HandlerTable& handlers, service::SignalDetectors& detectors,
                         service::BeatClusterer& clusterer);

}  // namespace consilium::api
