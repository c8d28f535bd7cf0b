// Starts the viewer. It stands in a file of its own because the page's
// Content-Security-Policy allows no inline script.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // The page talks to this server only: no validator elsewhere.
  validatorUrl: null,
  // A token is forgotten with the page.
  persistAuthorization: false,
  // A description or a request is never taken from the page's address.
  queryConfigEnabled: false,
});
