/**
 * The connector's form, laid out as Airbyte does: a card for each group, and in it first what is required or always
 * shown, then the rest below "Optional fields", all in their order. What was filled in is handed to window.submitted.
 */

import Form from "@rjsf/core";
import validator from "@rjsf/validator-ajv8";
import { createRoot } from "react-dom/client";

const schema = window.SPEC.connectionSpecification;

/** How each field is shown, from the words that Airbyte adds to JSON schema. */
function uiSchema(node) {
  if (node.airbyte_hidden) return { "ui:widget": "hidden", "ui:field": () => null };
  if (node.type === "array") {
    return { items: uiSchema(node.items), "ui:options": { orderable: false, copyable: false } };
  }
  const ui = {};
  if (node.airbyte_secret) ui["ui:widget"] = "password";
  if (node.display_type === "radio") ui["ui:widget"] = "radio";
  if (node.examples) ui["ui:placeholder"] = String(node.examples[0]);
  const names = Object.keys(node.properties ?? {});
  for (const name of names) ui[name] = uiSchema(node.properties[name]);
  if (names.length) ui["ui:order"] = names.sort((a, b) => node.properties[a].order - node.properties[b].order);
  return ui;
}

function Group({ title, fields, required }) {
  const first = fields.filter(({ name, field }) => required.includes(name) || field.always_show);
  const rest = fields.filter((each) => !first.includes(each));
  return (
    <fieldset className="group">
      <legend>{title}</legend>
      {first.map((each) => each.content)}
      {rest.length > 0 && (
        <details>
          <summary>Optional fields</summary>
          {rest.map((each) => each.content)}
        </details>
      )}
    </fieldset>
  );
}

function ObjectTemplate({ schema: node, properties }) {
  const shown = properties
    .map(({ name, content }) => ({ name, content, field: node.properties[name] }))
    .filter(({ field }) => !field.airbyte_hidden);
  if (!node.groups) return <div>{shown.map(({ content }) => content)}</div>;
  return node.groups.map(({ id, title }) => (
    <Group key={id} title={title} required={node.required} fields={shown.filter(({ field }) => field.group === id)} />
  ));
}

function Field({ id, label, required, rawErrors, children, schema: node, hidden }) {
  if (hidden || node.airbyte_hidden) return null;
  if (node.groups) return children;
  if (node.type === "object") return <div className="object">{children}</div>;
  const inList = label === "" || /-\d+$/.test(label);
  return (
    <div className="field" data-field={id.replace(/^root_/, "")}>
      {!inList && (
        <label htmlFor={id}>
          {node.title}
          {!required && <small> Optional</small>}
          {node.pattern_descriptor && <small className="descriptor"> {node.pattern_descriptor}</small>}
        </label>
      )}
      {node.description && <p className="help" dangerouslySetInnerHTML={{ __html: node.description }} />}
      {children}
      {node.examples?.length > 1 && <p className="examples">For example: {node.examples.join(", ")}</p>}
      {rawErrors?.map((error) => (
        <p className="error" key={error}>
          {error}
        </p>
      ))}
    </div>
  );
}

const Button = ({ onClick, text }) => (
  <button type="button" onClick={onClick}>
    {text}
  </button>
);
const Remove = ({ onClick }) => <Button onClick={onClick} text="Remove" />;

const templates = {
  ObjectFieldTemplate: ObjectTemplate,
  FieldTemplate: Field,
  TitleFieldTemplate: () => null,
  DescriptionFieldTemplate: () => null,
  ArrayFieldTitleTemplate: () => null,
  ArrayFieldDescriptionTemplate: () => null,
  ButtonTemplates: { AddButton: ({ onClick }) => <Button onClick={onClick} text="Add" />, RemoveButton: Remove },
};

/** Errors in the words of the specification: what a value should look like, not the pattern. */
function explained(errors) {
  return errors.map((error) => {
    if (error.name !== "pattern") return error;
    const field = error.schemaPath.split("/").slice(1, -1).reduce((node, part) => node[part], schema);
    return { ...error, message: `The value must look like this: ${field.pattern_descriptor}` };
  });
}

createRoot(document.getElementById("form")).render(
  <Form
    schema={schema}
    uiSchema={{ ...uiSchema(schema), "ui:submitButtonOptions": { submitText: "Set up destination" } }}
    validator={validator}
    templates={templates}
    transformErrors={explained}
    liveValidate="onBlur"
    showErrorList={false}
    noHtml5Validate
    onSubmit={({ formData }) => (window.submitted = formData)}
  />,
);
