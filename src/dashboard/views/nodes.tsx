import { Card, Loading, View } from './parts.js';

/** Who serves, here and elsewhere. */
export function Nodes() {
  return (
    <View name="nodes" title="Nodes">
      <div class="grid">
        <Card title="Nodes" id="nodes-table" wide>
          <Loading />
        </Card>
        <Card title="Other regions" id="peers" wide>
          <Loading rows={1} />
        </Card>
        <Card title="Change feed" id="feed">
          <Loading rows={2} />
        </Card>
        <Card title="Keys of this proxy" note="for the origin" id="credentials">
          <Loading rows={1} />
        </Card>
      </div>
    </View>
  );
}
