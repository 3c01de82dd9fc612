# Answers with a greeting that names the dyno.
class HelloController < ActionController::Base
  def show
    render plain: "Hello from #{ENV.fetch('DYNO', 'somewhere')}!\n"
  end
end
