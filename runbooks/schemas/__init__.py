"""JSON Schemas of the files that ringfence writes, as `ringfence schema` prints them."""
