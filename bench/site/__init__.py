"""The site that every variant guards: sign-in, order, page. Must not do more than a broker's view has to."""
