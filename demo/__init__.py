"""The embedded servers and the sample systems that `make demo` and the tests run on."""
