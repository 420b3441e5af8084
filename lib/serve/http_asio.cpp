// SPDX-License-Identifier: Apache-2.0
// The compiled part of the libraries, once (BOOST_ASIO_SEPARATE_COMPILATION and Beast's).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
