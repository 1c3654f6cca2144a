// Pipelines: what items go through before they are written.
#pragma once

#include "items.hpp"

#include <weft/crawler.hpp>

/// Drops quotes that nobody said.
class AuthorsOnly : public weft::ItemPipeline {
 public:
  AuthorsOnly() : ItemPipeline("AuthorsOnly", 300) {}

  weft::Deferred<> processItem(weft::Item& item) override {
    const Quote* quote = item.as<Quote>();
    if (quote && quote->author.empty()) throw weft::DropItem("a quote without an author");
    return weft::succeed();
  }
};
