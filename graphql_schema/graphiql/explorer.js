"use strict";

const fetcher = GraphiQL.createFetcher({ url: "/graphql" });
const explorer = React.createElement(GraphiQL, {
  fetcher,
  defaultQuery: '# Set {"Authorization": "Bearer ..."} under Headers: `portal token EMAIL` prints one.\n{ viewer { email } }\n',
  defaultEditorToolsVisibility: "headers",
});
ReactDOM.createRoot(document.getElementById("graphiql")).render(explorer);
