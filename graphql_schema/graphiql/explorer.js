"use strict";

const fetcher = GraphiQL.createFetcher({ url: "/graphql" });
const explorer = React.createElement(GraphiQL, {
  fetcher,
  defaultEditorToolsVisibility: "headers",
  defaultQuery: [
    '# Who asks stands below, under Headers:',
    '# {"Authorization": "Bearer …"}',
    '# `portal token EMAIL` prints one.',
    '{',
    '  viewer {',
    '    email',
    '  }',
    '}',
    '',
  ].join("\n"),
});
ReactDOM.createRoot(document.getElementById("graphiql")).render(explorer);
