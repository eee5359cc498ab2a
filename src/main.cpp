#include "transport/cli/cli.hpp"

int main(int argument_count, char** arguments) {
  return consilium::cli::run(argument_count, arguments);
}
