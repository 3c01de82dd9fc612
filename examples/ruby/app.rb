require "sinatra/base"

# Answers with a greeting that names the dyno.
class Hello < Sinatra::Base
  get "/" do
    content_type "text/plain"
    "Hello from #{ENV.fetch('DYNO', 'somewhere')}!\n"
  end
end
