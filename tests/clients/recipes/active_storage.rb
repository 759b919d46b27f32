# What Rails does with the configuration of the recipe: uploads, reads, and gives a page an address to upload to.

require "active_support/all"
require "active_storage"
require "active_storage/service"
require "net/http"
require "stringio"
require "yaml"

service = ActiveStorage::Service.configure(:r2, YAML.load_file("storage.yml").deep_symbolize_keys)
md5 = Digest::MD5.base64digest("hello")
service.upload("rails/small", StringIO.new("hello"), checksum: md5, content_type: "text/plain")
raise "other bytes" unless service.download("rails/small") == "hello"
service.upload("rails/large", StringIO.new("x" * (101 << 20)))
raise "other bytes" unless service.download_chunk("rails/large", 0...5) == "xxxxx"

page = { content_type: "text/plain", checksum: md5 }
address = URI(service.url_for_direct_upload("rails/direct", expires_in: 60.seconds, content_length: 5, **page))
request = Net::HTTP::Put.new(address, service.headers_for_direct_upload("rails/direct", filename: nil, **page).compact)
answer = Net::HTTP.start(address.host, address.port) { |http| http.request(request, "hello") }
raise answer.body unless answer.code == "200"
